"""This machine, with the Python that runs edgekd."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgekd.bench.runner.job import Job
from edgekd.bench.targets.conversation import Conversation, agent_program
from edgekd.bench.targets.upload import JOB, write_job
from edgekd.progress import Progress

RUNNER = "edgekd.bench.runner"


class LocalTarget:
    """A process of its own on this machine, in which nothing is loaded but the runtime.

    Nothing is copied: it finds this very edgekd, the bundle and a teacher where they are.
    """

    kind = "local"

    def __init__(self, name: str = "local") -> None:
        self.name = name

    def run(self, job: Job, progress: Progress) -> dict[str, Any]:
        """As `Target.run`."""
        job = replace(job, bundle=str(Path(job.bundle).absolute()))
        paths = [path or str(Path.cwd()) for path in sys.path]
        with tempfile.TemporaryFile() as tar, Conversation(self.name, local_agent()) as agent:
            write_job(tar, job)
            return agent.work(
                tar,
                [sys.executable, "-m", RUNNER, f"{{folder}}/{JOB}"],
                {"PYTHONPATH": os.pathsep.join(paths)},
                cwd=str(Path.cwd()),
                progress=progress,
            )


def local_agent() -> list[str]:
    """The command that starts an agent on this machine."""
    return [sys.executable, "-c", agent_program()]
