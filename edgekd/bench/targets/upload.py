"""What is sent to a target: the runner, the bundle, the job, and wheels where a runtime is missing."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import edgekd
from edgekd.bench.runner.job import Job
from edgekd.runtime.manifest import Manifest

CODE, SITE, BUNDLE, JOB = "code", "site", "bundle", "job.json"
"""Names in the work folder."""

_MODULES = (
    "__init__.py",
    "bench/__init__.py",
    "bench/runner",
    "data/__init__.py",
    "data/decode.py",
    "data/examples.py",
    "errors.py",
    "export/__init__.py",
    "export/flatbuffer.py",
    "files.py",
    "progress.py",
    "runtime",
    "text/__init__.py",
    "text/tables_v1.npz",
    "text/tokens.py",
    "text/unicode.py",
)
"""What the runner imports of edgekd."""


def write_job(file: IO[bytes], job: Job) -> None:
    """The job alone, for a target that has everything else."""
    with tarfile.open(fileobj=file, mode="w") as tar:
        _add_job(tar, job)


def write_all(file: IO[bytes], job: Job, sites: Sequence[Path]) -> None:
    """The job, the runner, the bundle's models, and the content of folders of packages."""
    root = Path(edgekd.__file__).parent
    manifest = Manifest.read(Path(job.bundle))
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name in _MODULES:
            tar.add(root / name, f"{CODE}/edgekd/{name}", filter=_without_caches)
        for site in sites:
            tar.add(site, SITE)
        tar.add(manifest.folder / "edgekd.json", f"{BUNDLE}/edgekd.json")
        for model in manifest.files.values():
            tar.add(model.path, f"{BUNDLE}/{model.path.name}")
        _add_job(tar, replace(job, bundle=BUNDLE))


def _add_job(tar: tarfile.TarFile, job: Job) -> None:
    content = json.dumps(job.to_json()).encode("ascii")  # which keeps lone surrogates too
    info = tarfile.TarInfo(JOB)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def _without_caches(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in info.name else info
