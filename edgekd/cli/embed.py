"""`edgekd embed`: samples for apps, with a bundle inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekd.cli.options import split_list


def command(
    bundle: Annotated[Path, typer.Argument(help="A folder made by `edgekd export`.")],
    samples: Annotated[
        str, typer.Option("--for", help="Of android, c, ios, python, web; by commas.", show_default=False)
    ],
) -> None:
    """Copy small working app projects to BUNDLE/embed, with the bundle's files in their places.

    A sample that is there is renewed, unless its files were changed.
    """
    from edgekd.cli.console import console
    from edgekd.export.embed import embed

    for folder in embed(bundle, split_list(samples)):
        console.print(f"{folder.name}: {folder}", markup=False, soft_wrap=True)
