"""Where a bundle's files are run: this Python, that of tflite-runtime, an emulated ARM core, a browser."""

from __future__ import annotations

import os
import shutil
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from bench.conformance import browser
from bench.conformance.jobs import Job, Unavailable, called, installed
from edgekd.bench.targets.sysroot import Sysroot
from edgekd.bench.targets.wheels import site_of
from edgekd.errors import TargetError
from edgekd.files import user_cache, write_json
from edgekd.runtime.backends import RUNTIMES

ROOT = Path(__file__).parents[2]


class Host(Protocol):
    """One runtime on one kind of processor.

    Attributes:
        file: the kind of file that it runs, "tflite" or "onnx".
    """

    file: str

    def answer(self, job: Job) -> None:
        """Run the job's file on the texts that have no answer yet, for as long as the job allows."""


@dataclass(frozen=True)
class PythonHost:
    """Runs `runner.py`.

    Attributes:
        runtime: a name of `edgekd.runtime.backends.RUNTIMES`.
        command: that starts Python.
        environment: of its own; edgekd's source is in its path without it.
    """

    file: str
    runtime: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def answer(self, job: Job) -> None:
        path = job.answers / "job.json"
        paths = {name: str(getattr(job, name)) for name in ("file", "texts", "answers")}
        write_json(path, {**asdict(job), **paths, "runtime": self.runtime})
        called(
            [*self.command, "-m", "bench.conformance.runner", str(path)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
        )


def litert() -> Host:
    return PythonHost("tflite", "litert", (sys.executable,))


def onnxruntime() -> Host:
    return PythonHost("onnx", "onnxruntime", (sys.executable,))


def tflite_runtime() -> Host:
    """The last tflite-runtime, which needs numpy below 2 and so an environment of its own."""
    if sys.version_info >= (3, 12) or sys.platform != "linux":
        raise Unavailable(
            "tflite-runtime 2.14 has wheels for Linux and Python up to 3.11 only", fix="use Python 3.11"
        )
    folder = user_cache() / "tflite-runtime-2.14.0"
    python, finished = folder / "bin" / "python", folder / "finished"
    if not finished.exists():
        venv.create(folder, with_pip=True, clear=True)
        installed([str(python), "-m", "pip", "install", "--quiet", "tflite-runtime==2.14.0", "numpy<2"])
        finished.touch()
    return PythonHost("tflite", "tflite-runtime", (str(python),))


def litert_arm() -> Host:
    return _on_arm("litert")


def onnxruntime_arm() -> Host:
    return _on_arm("onnxruntime")


def _on_arm(runtime: str) -> Host:
    """The runtime's wheel for ARM, in the version installed here, in an emulator."""
    known = RUNTIMES[runtime]
    try:
        sysroot = Sysroot()
        site = site_of([known.package], sysroot.platform)
    except TargetError as error:
        raise Unavailable(error.given, expected=error.expected, fix=error.fix) from None
    environment = {**sysroot.environment, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    return PythonHost(known.file, runtime, sysroot.python, environment)


def onnxruntime_web() -> Host:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise Unavailable("there is no Chromium", fix="apt-get install chromium")
    return browser.BrowserHost("onnx", chromium, browser.onnxruntime_web(user_cache()))


HOSTS: Mapping[str, Callable[[], Host]] = {
    "litert": litert,
    "litert-arm": litert_arm,
    "tflite-runtime": tflite_runtime,
    "onnxruntime": onnxruntime,
    "onnxruntime-arm": onnxruntime_arm,
    "onnxruntime-web": onnxruntime_web,
}
"""Makers of hosts, which raise Unavailable with the reason."""

HERE: Mapping[str, str] = {"tflite": "litert", "onnx": "onnxruntime"}
"""The host of each kind of file that the others are compared with; it comes before them."""
