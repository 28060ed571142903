"""Whether a bundle is whole, and its files say here what they said where they were made.

checksums                                equal, of every file that edgekd.json lists
token count, token spans, truncation     equal, for every golden text
logits                                   within the tolerance that edgekd.json gives for the file
labels, slots, out of scope              equal, where all files of the bundle agreed on them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from edgekd.errors import BundleError
from edgekd.runtime.backends import Runtime, choose, usable
from edgekd.runtime.bundle import Bundle
from edgekd.runtime.golden import Golden, read_golden
from edgekd.runtime.manifest import Manifest, ModelFile, require_unchanged

_SHOWN = 60  # characters of a text in a message


@dataclass(frozen=True)
class Verified:
    """A file that passed in a runtime.

    Attributes:
        texts: golden texts that were run; in `stable` of them labels and slots were compared too.
        largest_difference: of any logit from the golden one; at most `tolerance`.
    """

    file: str
    runtime: Runtime
    texts: int
    stable: int
    largest_difference: float
    tolerance: float


def verify(folder: Path, runtime: str = "auto") -> list[Verified]:
    """Check every file of a bundle, and run the golden texts.

    Args:
        folder: that `edgekd export` wrote.
        runtime: the one to run; "auto" for every one that is installed.

    Returns:
        What was run; files without an installed runtime are not among it.

    Raises:
        BundleError: a file is missing, changed or broken, a runtime is, or one says something else.
    """
    manifest = Manifest.read(folder)
    for name, checksum in manifest.checksums.items():
        require_unchanged(folder / name, checksum)
    for file in manifest.files.values():
        file.verify()
    lines = read_golden(manifest)
    first = choose(runtime, manifest)
    return [_run(manifest, one, lines) for one in (usable(manifest) if runtime == "auto" else [first])]


def _run(manifest: Manifest, runtime: Runtime, lines: Sequence[Golden]) -> Verified:
    file = manifest.files[runtime.file]
    tolerance = _tolerance(file)
    bundle = Bundle.load(manifest.folder, runtime.name)
    where = f"{file.path.name} in {runtime.name} {runtime.version}"
    worst = max(_compare(where, bundle, line, tolerance) for line in lines)
    return Verified(file.path.name, runtime, len(lines), sum(line.stable for line in lines), worst, tolerance)


def _tolerance(file: ModelFile) -> float:
    if file.logit_tolerance is None:
        raise BundleError(
            f"edgekd.json does not say how far the logits of {file.path.name} may be off",
            expected='"logit_tolerance" with the file',
            fix="export the bundle again with this version of edgekd",
        )
    return file.logit_tolerance


def _compare(where: str, bundle: Bundle, line: Golden, tolerance: float) -> float:
    """The largest difference of a logit; raises BundleError where anything differs that may not."""
    raw = bundle.run(line.text)
    for name in ("token_count", "truncated", "token_spans"):
        _require_same(where, name, line.text, getattr(raw, name), getattr(line.raw, name))
    worst = 0.0
    for name in ("label_logits", "tag_logits"):
        found, expected = getattr(raw, name), getattr(line.raw, name)
        if expected is None:
            continue
        off = np.abs(found - expected)
        if not off.max(initial=0.0) <= tolerance:
            place = np.unravel_index(off.argmax(), off.shape)
            _differ(
                where, name, line.text, place, found[place], expected[place], f"within {tolerance:.3g} of "
            )
        worst = max(worst, float(off.max(initial=0.0)))
    if line.stable:
        said = bundle.decode(line.text, raw)
        for name in ("labels", "slots", "out_of_scope"):
            found, expected = getattr(said, name), getattr(line, name)
            if found != expected:
                _differ(where, name, line.text, (), found, expected)
    return worst


def _require_same(where: str, name: str, text: str, found: Any, expected: Any) -> None:
    if np.shape(found) != np.shape(expected):
        _differ(where, f"the shape of {name}", text, (), np.shape(found), np.shape(expected))
    if not np.array_equal(found, expected):
        place = tuple(np.argwhere(np.not_equal(found, expected))[0])
        _differ(where, name, text, place, np.asarray(found)[place], np.asarray(expected)[place])


def _differ(
    where: str, name: str, text: str, place: Sequence[int], found: Any, expected: Any, within: str = ""
) -> NoReturn:
    shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}... ({len(text)} code points)"
    at = f" at {[int(index) for index in place]}" if len(place) else ""
    raise BundleError(
        f"{where} says something else than golden.jsonl: {name}{at} of {shown} is {found}",
        expected=f"{within}{expected}",
        fix="try another version of the runtime, or export the bundle again",
    )
