"""A teacher's states on disk, in one byte a number.

    states.json                   of which teacher, and the mean and the deviation of each dimension
    states-<hash>.safetensors     for up to 2,048 texts:
        states   int8 (words, width)      standardised, in steps of DEVIATIONS / 127
        units    int32 (words, 2)         where in the text each word is
        bounds   int64 (texts + 1,)       the words of text i are bounds[i] to bounds[i + 1]

Each dimension is standardised, so that none counts for more because its numbers are larger. Some hardly vary
at all: their deviation has a floor, or rounding errors would be blown up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from edgekd.errors import TeacherError
from edgekd.files import read_json, write_bytes, write_json
from edgekd.progress import Progress, silent
from edgekd.teachers.units import holders

if TYPE_CHECKING:
    from edgekd.teachers.states import StateTeacher, WordStates

DEVIATIONS = 6.0
"""Standardised states are kept up to this many deviations from their mean."""

TEXTS_PER_SHARD = 2048
_SAMPLE = 4096
_FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class States:
    """The states of some texts; `bounds`, `units` and `states` as in the module's docstring."""

    states: NDArray[np.int8]
    units: NDArray[np.int32]
    bounds: NDArray[np.int64]

    def on_tokens(self, spans: Sequence[NDArray[np.int32]]) -> TokenStates:
        """The same by tokens.

        Args:
            spans: the tokens of each text, int32 (tokens, 2), in code points.
        """
        rows = []
        for number, tokens in enumerate(spans):
            first = self.bounds[number]
            holder, known = holders(self.units[first : self.bounds[number + 1]], tokens)
            rows.append(np.where(known, first + holder, -1))
        return TokenStates(self.states, np.concatenate([np.zeros(0, np.int64), *rows]))


@dataclass(frozen=True, slots=True)
class TokenStates:
    """States by the tokens of all texts together.

    Attributes:
        states: int8 (words, width).
        rows: of `states` for each token; -1 where the teacher has none.
    """

    states: NDArray[np.int8]
    rows: NDArray[np.int64]

    def at(self, there: NDArray[np.bool_], source: NDArray[np.int64]) -> tuple[np.ndarray, np.ndarray]:
        """For the tokens of a batch, as `distill.batching.TokenRows.padded` gives them.

        Returns:
            Their states, int8 (texts, tokens, width); and float32 (texts, tokens), 1 where there is one.
        """
        rows = np.where(there, self.rows[source], -1)
        return self.states[rows], (rows >= 0).astype(np.float32)


class StateStore:
    """A folder with the states of one teacher.

    A shard appears whole or not at all, so that a run that is killed, or that fills the disk, loses at most
    the texts it was busy with. Texts that are added behind those known leave all full shards valid.

    Args:
        folder: made where it does not exist.
        teacher: the only one whose states it may hold.

    Raises:
        TeacherError: it holds states of another teacher.
    """

    def __init__(self, folder: Path, teacher: StateTeacher) -> None:
        self.folder, self.teacher = folder, teacher
        self._card = folder / "states.json"
        if self._card.exists() and read_json(self._card, TeacherError)["teacher"] != teacher.fingerprint:
            raise TeacherError(
                f"{folder} holds states of another teacher or of other layers",
                expected="those of the teacher in use, which are never mixed with others",
                fix=f"choose another folder, or delete {folder} to compute them again",
            )

    def compute(self, texts: Sequence[str], progress: Progress = silent) -> None:
        """Run the teacher on those texts that are not stored yet."""
        missing = [some for some in _shards(texts) if not self._path(some).exists()]
        if not missing:
            return
        if not self._card.exists():
            self._standardise(texts)
        card = read_json(self._card, TeacherError)
        mean, deviation = (np.array(card[name], np.float32) for name in ("mean", "deviation"))
        with progress("the teacher reads", sum(map(len, missing))) as advance:
            for some in missing:
                found = list(self.teacher.states(some))
                states = np.concatenate([one.states for one in found])
                shard = {
                    "states": _to_bytes((states - mean) / deviation),
                    "units": np.concatenate([one.units for one in found]),
                    "bounds": np.cumsum([0, *(len(one.units) for one in found)], dtype=np.int64),
                }
                write_bytes(self._path(some), save(shard))
                advance(len(some))

    def read(self, texts: Sequence[str]) -> States:
        """The states of texts, which must be a whole number of the shards of `compute`'s, or its last ones.

        Raises:
            TeacherError: a shard is damaged.
        """
        shards = [self._load(self._path(some)) for some in _shards(texts)]
        starts = np.cumsum([0, *(len(shard["units"]) for shard in shards)])
        return States(
            np.concatenate([shard["states"] for shard in shards]),
            np.concatenate([shard["units"] for shard in shards]),
            np.concatenate(
                [[0], *(shard["bounds"][1:] + start for shard, start in zip(shards, starts, strict=False))]
            ),
        )

    def _standardise(self, texts: Sequence[str]) -> None:
        """Write mean and deviation of each dimension, from texts out of all places."""
        step = max(len(texts) // _SAMPLE, 1)
        states = _words(list(self.teacher.states(texts[::step][:_SAMPLE])))
        if not len(states):
            raise TeacherError(
                "the teacher finds no word in the texts", expected="texts of words, one for each line"
            )
        deviation = states.std(axis=0)
        deviation = np.maximum(deviation, max(_FLOOR * float(np.median(deviation)), 1e-6))
        card = {"teacher": self.teacher.fingerprint, "layers": self.teacher.layers}
        write_json(
            self._card, {**card, "mean": states.mean(axis=0).tolist(), "deviation": deviation.tolist()}
        )

    def _path(self, texts: Sequence[str]) -> Path:
        name = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self.folder / f"states-{name}.safetensors"

    def _load(self, path: Path) -> dict[str, np.ndarray]:
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise TeacherError(
                f"{path} is damaged: {error}", fix="delete it; what it held is computed again"
            ) from error


def _shards(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + TEXTS_PER_SHARD] for start in range(0, len(texts), TEXTS_PER_SHARD)]


def _words(found: Sequence[WordStates]) -> NDArray[np.float32]:
    return np.concatenate([one.states for one in found])


def _to_bytes(standardised: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.clip(np.rint(standardised * (127 / DEVIATIONS)), -127, 127).astype(np.int8)
