"""An emulated ARM core: it proves results, loading and memory, and nothing about time.

No latency is told, since an emulator translates the code of one processor to that of another: what it takes
says nothing of what the code takes on a core of its own. Nor are instructions counted: that takes a plugin,
and Debian's static qemu loads none.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgekd.bench.runner.job import Job
from edgekd.bench.targets.conversation import Conversation, on
from edgekd.bench.targets.local import RUNNER, local_agent
from edgekd.bench.targets.sysroot import Sysroot
from edgekd.bench.targets.upload import CODE, JOB, write_all
from edgekd.bench.targets.wheels import missing_packages, site_of
from edgekd.progress import Progress
from edgekd.runtime.manifest import Manifest


class QemuTarget:
    """The real ARM wheels of the runtimes, in the versions installed here, under qemu's user mode."""

    kind = "qemu"

    def __init__(self, name: str = "qemu-aarch64") -> None:
        self.name = name

    def run(self, job: Job, progress: Progress) -> dict[str, Any]:
        """As `Target.run`, without latency."""
        manifest = Manifest.read(Path(job.bundle))
        sysroot = Sysroot()
        site = site_of(missing_packages([], job.runtime, manifest), sysroot.platform)
        job = replace(job, rules=None, python=sysroot.python)
        with tempfile.TemporaryFile() as tar, Conversation(self.name, local_agent()) as agent:
            write_all(tar, job, [])
            return agent.work(
                tar,
                [*sysroot.python, "-m", RUNNER, JOB],
                {**sysroot.environment, "PYTHONPATH": os.pathsep.join([f"{{folder}}/{CODE}", str(site)])},
                progress=on(self.name, progress),
            )
