"""The bundle: its best file, and the same weights otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.peers.peer import Peer, Predict
from bench.peers.sources import Sources
from edgekd.errors import BundleError
from edgekd.runtime import Bundle
from edgekd.runtime.backends import choose, open_backend
from edgekd.runtime.manifest import Manifest

STUDENT = "student"
_MANIFEST = "edgekd.json"


def build(sources: Sources) -> Peer:
    """The file that "auto" takes."""
    return _peer(sources, STUDENT, "student", "auto")


def one_length(sources: Sources) -> Peer:
    """The same file, with its longest signature for every text."""
    return _peer(sources, "student-one-length", "student, one length for every text", "auto", longest=True)


def onnx(sources: Sources) -> Peer:
    """The ONNX file of the bundle."""
    return _peer(sources, "student-onnx", "student, ONNX Runtime", "onnxruntime")


def load(folder: Path, runtime: str, longest: bool = False) -> Predict:
    """Load the bundle, its checksum verified."""
    bundle = Bundle.load(folder, runtime)
    if longest:
        file = bundle.manifest.files[bundle.runtime.file]
        longer = replace(file, signatures=file.signatures[-1:])
        manifest = replace(bundle.manifest, files={bundle.runtime.file: longer})
        bundle = Bundle(manifest, bundle.runtime, open_backend(bundle.runtime, manifest, threads=1))
    return bundle.prediction


def _peer(sources: Sources, key: str, name: str, runtime: str, longest: bool = False) -> Peer:
    manifest = Manifest.read(sources.bundle)
    if manifest.task is not sources.dataset.task:
        raise BundleError(
            f"{sources.bundle} is a student for {manifest.task}", expected=f"one for {sources.dataset.task}"
        )
    chosen = choose(runtime, manifest)
    file = manifest.files[chosen.file]
    return Peer(
        key,
        name,
        f"{manifest.name}, {file.scheme}, {chosen.name}; trained on its teacher's labels too",
        __name__,
        sources.bundle,
        (file.path.name, _MANIFEST),
        {"runtime": chosen.name, "longest": longest},
        slots=manifest.task.has_slots,
        kind=STUDENT,
        copy_of="" if key == STUDENT else STUDENT,
    )
