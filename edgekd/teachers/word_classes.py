"""The words that guesses are told apart by, whatever the tokenizers of those who guess."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from edgekd.teachers.subwords import encode

_TEXTS_COUNTED = 50_000
_TEXTS_AT_ONCE = 2048

NONE = -1
"""The class of what is told from nothing else."""


@dataclass(frozen=True)
class WordClasses:
    """Classes of the sub-words that words begin with.

    Attributes:
        count: of classes.
        numbers: by what a sub-word says, its class; None where all are hashed.
    """

    count: int
    numbers: Mapping[str, int] | None = None

    @classmethod
    def frequent(
        cls, tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], most: int, max_length: int
    ) -> WordClasses:
        """A class for each of the sub-words that begin the most words of texts.

        Args:
            tokenizer: of the teacher.
            texts: of these some, out of all places.
            most: classes.
            max_length: sub-words of a text; the rest is cut.
        """
        texts = list(texts)
        texts = texts[:: max(len(texts) // _TEXTS_COUNTED, 1)]
        counts: Counter[int] = Counter()
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            for one in encode(tokenizer, texts[start : start + _TEXTS_AT_ONCE], max_length):
                counts.update(one.ids[subword] for subword in one.subwords.tolist())
        for special in tokenizer.all_special_ids:
            counts.pop(special, None)
        said = [_said(tokenizer, number) for number, _ in counts.most_common(most)]
        return cls(len(set(said)), {word: number for number, word in enumerate(dict.fromkeys(said))})

    @property
    def fingerprint(self) -> str:
        """Of what is told apart."""
        return hashlib.sha256(json.dumps([self.count, self.numbers]).encode()).hexdigest()[:16]

    def of(self, tokenizer: PreTrainedTokenizerBase, vocabulary: int) -> NDArray[np.int64]:
        """The classes of the first so many sub-words of a tokenizer, NONE for those without one."""
        special = set(tokenizer.all_special_ids)
        return np.array(
            [NONE if number in special else self._class(tokenizer, number) for number in range(vocabulary)]
        )

    def _class(self, tokenizer: PreTrainedTokenizerBase, number: int) -> int:
        if number >= len(tokenizer):
            return NONE
        said = _said(tokenizer, number)
        if self.numbers is None:
            return zlib.crc32(said.encode("utf-8", "surrogatepass")) % self.count
        return self.numbers.get(said, NONE)


def _said(tokenizer: PreTrainedTokenizerBase, number: int) -> str:
    """What a sub-word says, the same whatever mark a tokenizer has for the beginning of a word."""
    return tokenizer.decode([number]).strip()
