"""Samples for apps: small working projects, copied beside a bundle with the bundle inside."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import edgekd
from edgekd.errors import BundleError, ExportError, UsageError
from edgekd.files import read_json, write_bytes, write_json
from edgekd.runtime.manifest import Manifest

EMBED = "embed"
"""The folder in a bundle that holds its samples."""

SAMPLES = Path(edgekd.__file__).parent / "samples"
"""Where the samples lie: in the repository, a link to its folder `export`."""

_NAME = b"__EDGEKD_NAME__"  # in a sample's files, where the bundle's name belongs
_RECORD = ".embedded.json"  # the SHA-256 of each file as it was written
_BUILT = {"node_modules", "dist", "build", ".build", ".gradle", "bundle", "__pycache__"}


@dataclass(frozen=True)
class Sample:
    """A sample project.

    Attributes:
        folder: where it lies in the package.
        files: where it wants each file of a bundle, by the file's name.
    """

    folder: Path
    files: Mapping[str, str]

    @property
    def formats(self) -> list[str]:
        """The model formats that it reads, as `--formats` names them."""
        return [Path(name).suffix[1:] for name in self.files if name.startswith("model.")]


def names() -> list[str]:
    """The samples that there are."""
    return sorted(path.parent.name for path in SAMPLES.glob("*/sample.json"))


def samples(wanted: Sequence[str], formats: Collection[str]) -> list[Sample]:
    """Samples by name.

    Args:
        wanted: some of `names()`.
        formats: of the bundle's model files; each sample finds one that it reads.

    Raises:
        UsageError: there is no such sample, or it reads another format.
    """
    known = names()
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(f"there is no sample {', '.join(unknown)}", expected=f"some of {', '.join(known)}")
    found = []
    for name in dict.fromkeys(wanted):
        folder = SAMPLES / name
        sample = Sample(folder, json.loads((folder / "sample.json").read_text("utf-8"))["files"])
        if missing := [kind for kind in sample.formats if kind not in formats]:
            raise UsageError(
                f"the sample {name} reads a {' and a '.join(missing)} file, which the bundle lacks",
                expected=f"a bundle with more than {', '.join(formats)}",
                fix=f"edgekd export RUN --out BUNDLE --formats {','.join([*formats, *missing])}",
            )
        found.append(sample)
    return found


def embed(bundle: Path, wanted: Sequence[str]) -> list[Path]:
    """Copy samples to the bundle's folder `embed`, the bundle's files in their places.

    A sample that is there is renewed as long as its files are those that were written; what was added to it
    stays.

    Args:
        bundle: a folder that `edgekd export` wrote.
        wanted: some of `names()`.

    Returns:
        The folders of the samples, in the order of `wanted`.

    Raises:
        UsageError: there is no such sample, or the bundle has no file that it reads.
        BundleError: the bundle is missing, damaged or incomplete.
        ExportError: a sample is there and was changed.
    """
    manifest = Manifest.read(bundle)
    chosen = samples(wanted, list(manifest.files))
    name = identifier(manifest.name)
    contents = {bundle / EMBED / one.folder.name: _content(one, manifest, name) for one in chosen}
    for folder, content in contents.items():
        _refuse_changes(folder, content)
    for folder, content in contents.items():
        _write(folder, content)
    return list(contents)


def identifier(name: str) -> str:
    """A name as every build system takes it: [a-z][a-z0-9-]*, no accents; "student" if nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).lstrip("-0123456789").rstrip("-") or "student"


def _content(sample: Sample, manifest: Manifest, name: str) -> dict[str, bytes]:
    """What is to be written, by path in the sample's folder."""
    content = {
        path.relative_to(sample.folder).as_posix(): path.read_bytes().replace(_NAME, name.encode())
        for path in _sources(sample.folder)
    }
    for file in manifest.files.values():
        if file.path.name in sample.files:
            file.verify()
    for source, place in sample.files.items():
        try:
            content[place] = (manifest.folder / source).read_bytes()
        except OSError as error:
            raise BundleError(
                f"{manifest.folder / source} cannot be read: {error.strerror}",
                expected=f"a bundle with {', '.join(sample.files)}",
                fix="copy the whole bundle folder, or export it again",
            ) from None
    return content


def _sources(folder: Path) -> Iterator[Path]:
    """The files of a sample without what building it in place has left."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _BUILT:
            yield from _sources(path)
        elif path.is_file():
            yield path


def _refuse_changes(folder: Path, content: Mapping[str, bytes]) -> None:
    record = _record(folder)
    paths = [path for path in record.keys() | content.keys() if (folder / path).is_file()]
    changed = []
    for path in sorted(paths):
        found = (folder / path).read_bytes()
        # What is the new content already may come from a run that was cut off.
        if _digest(found) != record.get(path) and found != content.get(path):
            changed.append(path)
    if changed:
        raise ExportError(
            f"{folder} is there, and is not as it was written: {', '.join(changed[:5])}"
            + (f" and {len(changed) - 5} more" if len(changed) > 5 else ""),
            expected="no such folder, or one without changes",
            fix="move the folder out of the bundle, then embed again and take your changes over",
        )


def _write(folder: Path, content: Mapping[str, bytes]) -> None:
    for path in _record(folder).keys() - content.keys():
        (folder / path).unlink(missing_ok=True)
    for path, data in content.items():
        write_bytes(folder / path, data)
    write_json(folder / _RECORD, {path: _digest(content[path]) for path in sorted(content)})


def _record(folder: Path) -> dict[str, str]:
    path = folder / _RECORD
    return read_json(path, ExportError) if path.exists() else {}


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
