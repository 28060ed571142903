"""What every target does."""

from __future__ import annotations

from typing import Any, Protocol

from edgekd.bench.runner.job import Job
from edgekd.progress import Progress


class Target(Protocol):
    """A machine on which bundles are measured.

    Attributes:
        name: for reports.
        kind: "local", "ssh", "qemu" or "adb".
    """

    name: str
    kind: str

    def run(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Do a job there, about a bundle that is here, and leave nothing behind.

        Returns:
            The findings, as `runner.run.run` describes them.

        Raises:
            TargetError: the machine cannot be reached, lacks something, or was lost.
            BundleError: the bundle cannot be run there.
        """
