"""The command line: one short file per verb, each imported only when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable


def main() -> None:
    """Run the command line."""
    from edgekd.cli.app import app

    run(app)


def run(command: Callable[[], int | None]) -> None:
    """Run a command and exit with its code; every EdgekdError becomes a message and its exit code."""
    from edgekd.errors import EdgekdError

    try:
        sys.exit(command())
    except EdgekdError as error:
        from edgekd.cli.console import log

        log.print(f"edgekd: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        from edgekd.cli.console import log

        log.print("edgekd: interrupted; the same command goes on where it stopped", style="yellow")
        sys.exit(130)
