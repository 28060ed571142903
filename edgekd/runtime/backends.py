"""The runtimes that can run a bundle, behind one small interface.

A runtime is chosen by name. "auto" takes the first of RUNTIMES that is installed and whose model file is in
the bundle.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from edgekd.errors import BundleError
from edgekd.runtime.manifest import Manifest
from edgekd.runtime.outputs import RawOutputs


class Backend(Protocol):
    """A model file, loaded in a runtime."""

    def run(self, text: str) -> RawOutputs:
        """The model's outputs for one text of any length."""

    def watch(self, spent_ns: list[int]) -> None:
        """For measuring: from now on each call of the runtime appends the nanoseconds that it takes."""


@dataclass(frozen=True)
class Runtime:
    """A runtime that edgekd knows.

    Attributes:
        name: as given to `--runtime`.
        package: what pip installs.
        module: what is imported.
        file: the kind of model file that it runs.
    """

    name: str
    package: str
    module: str
    file: str

    @property
    def installed(self) -> bool:
        try:
            return importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:
            return False

    @property
    def version(self) -> str:
        try:
            return version(self.package)
        except PackageNotFoundError:
            return "unknown"

    @property
    def hint(self) -> str:
        numpy = " 'numpy<2'" if self.name == "tflite-runtime" else ""
        return f"pip install {self.package}{numpy}"


RUNTIMES: Mapping[str, Runtime] = {
    runtime.name: runtime
    for runtime in (
        Runtime("litert", "ai-edge-litert", "ai_edge_litert.interpreter", "tflite"),
        Runtime("tflite-runtime", "tflite-runtime", "tflite_runtime.interpreter", "tflite"),
        Runtime("onnxruntime", "onnxruntime", "onnxruntime", "onnx"),
    )
}


def usable(manifest: Manifest) -> list[Runtime]:
    """The installed runtimes that have a model file in the bundle, in order of preference."""
    return [runtime for runtime in RUNTIMES.values() if runtime.file in manifest.files and runtime.installed]


def choose(name: str, manifest: Manifest) -> Runtime:
    """The runtime of that name, or the first usable one for "auto".

    Raises:
        BundleError: the name is unknown, the runtime is not installed, or the bundle has no file for it.
    """
    if name == "auto":
        found = usable(manifest)
        if not found:
            wanted = [runtime for runtime in RUNTIMES.values() if runtime.file in manifest.files]
            raise BundleError(
                f"no runtime is installed that runs this bundle ({', '.join(sorted(manifest.files))})",
                expected=f"one of {', '.join(runtime.name for runtime in wanted)}",
                fix=" or ".join(runtime.hint for runtime in wanted),
            )
        return found[0]
    if name not in RUNTIMES:
        raise BundleError(f"there is no runtime {name!r}", expected=f"auto, {', '.join(RUNTIMES)}")
    runtime = RUNTIMES[name]
    if runtime.file not in manifest.files:
        raise BundleError(
            f"{manifest.folder} holds no {runtime.file} file, which {name} needs",
            expected=f"a bundle with more than {', '.join(sorted(manifest.files))}",
            fix="export it again for this runtime",
        )
    if not runtime.installed:
        raise BundleError(f"the runtime {name} is not installed", expected=runtime.package, fix=runtime.hint)
    return runtime


def open_backend(runtime: Runtime, manifest: Manifest, threads: int) -> Backend:
    """Load the bundle's model file in a runtime, its checksum verified first, and run it once.

    Runtimes notice an op that they lack only then.

    Raises:
        BundleError: the file is missing, changed, not for this runtime, or not what edgekd.json says.
    """
    file = manifest.files[runtime.file]
    file.verify()
    try:
        backend: Callable[..., Backend]
        if runtime.file == "onnx":
            from edgekd.runtime.onnx import OnnxBackend as backend
        else:
            from edgekd.runtime.tflite import TfliteBackend as backend
        loaded = backend(importlib.import_module(runtime.module), file, manifest, threads)
        _require_outputs(loaded.run(""), manifest)
        return loaded
    except Exception as error:  # each runtime has exceptions of its own; all mean the same to the user
        raise BundleError(
            f"{runtime.name} {runtime.version} cannot load {file.path}: {error}",
            expected=_expectation(runtime, file.oldest_runtime),
            fix=f"{runtime.hint} (another version), or export the bundle again",
        ) from error


def _require_outputs(raw: RawOutputs, manifest: Manifest) -> None:
    """Raise ValueError unless there are as many logits as edgekd.json has names for."""
    for name, expected in (("label_logits", manifest.labels.labels), ("tag_logits", manifest.tags)):
        logits = getattr(raw, name)
        found = 0 if logits is None else logits.shape[-1]
        if found != len(expected):
            raise ValueError(f"its {name} are {found}, and edgekd.json names {len(expected)}")


def _expectation(runtime: Runtime, oldest: str) -> str:
    if runtime.name == "tflite-runtime":
        return "an environment of its own with numpy below 2" + (
            f", and a file for tflite-runtime {oldest} or newer" if oldest else ""
        )
    return f"a runtime of version {oldest} or newer" if oldest else f"a model that {runtime.name} reads"
