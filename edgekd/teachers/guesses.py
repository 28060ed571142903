"""What masked language models expect in the place of each word of a text: what a student can learn to guess.

A text is read several times, each time with other words masked, so that each word has been masked once. Which
words a student does not see is then drawn anew in each pass, and the guesses are there already.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from edgekd.errors import TeacherError
from edgekd.recipe.words import Words
from edgekd.teachers.encoder import fingerprint, most_subwords
from edgekd.teachers.masked_lm import logits_at
from edgekd.teachers.opinions import Opinions
from edgekd.teachers.precision import weights_for
from edgekd.teachers.subwords import Encoded, encode, pad, token_batches, unit_ends
from edgekd.teachers.units import beginning_with
from edgekd.teachers.weights import Weighting, by_confidence
from edgekd.teachers.word_classes import NONE, WordClasses

_TEXTS_AT_ONCE = 256
_TOKENS = 4096
_LEAST = 1e-9  # probability, which has a logarithm

MAX_LENGTH = 128
"""Sub-words of a text; in the rest nothing is guessed."""

MaskedLM = tuple[PreTrainedModel, PreTrainedTokenizerBase]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What is expected in the places of the words of one text.

    Attributes:
        units: int32 (units, 2), start and end in code points, sorted. Text past the length has none.
        right: int32 (units,), the class of the word that is there, or NONE.
        classes: int32 (units, top), of the likeliest words, the likeliest first.
        shares: float32 (units, top), their probabilities, which make 1 together; 0 where nothing is guessed.
    """

    units: NDArray[np.int32]
    right: NDArray[np.int32]
    classes: NDArray[np.int32]
    shares: NDArray[np.float32]


class Guesser:
    """Masked language models that guess words together; or what the text has, where none is asked.

    Args:
        models: with their tokenizers; the units are those of the first.
        classes: what is told apart.
        settings: whose guesses, and how many.
        masked: share of the words that are masked at a time.
        whole_words: see `subwords.encode`.

    Raises:
        TeacherError: there are not as many weights as models.
    """

    def __init__(
        self,
        models: Sequence[MaskedLM],
        classes: WordClasses,
        settings: Words,
        *,
        masked: float,
        whole_words: bool = True,
    ) -> None:
        self._models, self._classes, self._settings = models, classes, settings
        self._weighting = Weighting.parse(settings.teacher_weights)
        if self._weighting.kind == "fixed" and len(self._weighting.weights) != len(models):
            raise TeacherError(
                f"{len(self._weighting.weights)} weights for {len(models)} teachers",
                expected="a weight for each, in words.teacher_weights",
            )
        self._turns, self._whole_words = max(round(1 / masked), 2), whole_words
        self._numbers = [classes.of(tokenizer, network.config.vocab_size) for network, tokenizer in models]
        self._asked = settings.learn_from == "teacher"
        facts = [classes.fingerprint, settings.model_dump(exclude={"weight"}), self._turns, whole_words]
        asked = models if self._asked else ()
        facts += [fingerprint(network, tokenizer, ["guesses"]) for network, tokenizer in asked]
        self.fingerprint = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]

    @property
    def encoder(self) -> PreTrainedModel:
        """Of the first model."""
        return self._models[0][0].base_model

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Of the first model."""
        return self._models[0][1]

    @property
    def count(self) -> int:
        """Of the classes."""
        return self._classes.count

    @property
    def top(self) -> int:
        """Guesses for each word."""
        return min(self._settings.top, self._classes.count) if self._asked else 1

    def guesses(self, texts: Sequence[str]) -> Iterator[Guesses]:
        """Of each text, in order."""
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            yield from self._guesses(texts[start : start + _TEXTS_AT_ONCE])

    def _guesses(self, texts: Sequence[str]) -> Iterator[Guesses]:
        encoded = [
            self._encode(model, texts) for model in (self._models if self._asked else self._models[:1])
        ]
        right = [
            self._numbers[0][[one.ids[subword] for subword in one.subwords.tolist()]].astype(np.int32)
            for one in encoded[0]
        ]
        if not self._asked:
            for one, words in zip(encoded[0], right, strict=True):
                there = (words != NONE)[:, None].astype(np.float32)
                yield Guesses(one.units, words, np.maximum(words, 0)[:, None], there)
            return
        said = [
            _expected(model, numbers, self._classes.count, some, self._turns)
            for model, numbers, some in zip(self._models, self._numbers, encoded, strict=True)
        ]
        for index, one in enumerate(encoded[0]):
            together = [(some[index].units, each[index]) for some, each in zip(encoded, said, strict=True)]
            mixed = self._mixed(together, right[index])
            likeliest = np.argsort(-mixed, axis=1, kind="stable")[:, : self.top].astype(np.int32)
            shares = np.take_along_axis(mixed, likeliest, axis=1)
            yield Guesses(one.units, right[index], likeliest, shares / shares.sum(axis=1, keepdims=True))

    def _encode(self, model: MaskedLM, texts: Sequence[str]) -> list[Encoded]:
        network, tokenizer = model
        length = min(most_subwords(network.config), MAX_LENGTH)
        return encode(tokenizer, texts, length, whole_words=self._whole_words)

    def _mixed(
        self, said: Sequence[tuple[NDArray[np.int32], NDArray[np.float32]]], right: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """What all guess together, (units of the first, classes)."""
        units, first = said[0]
        if len(said) == 1:
            return first
        logits, known = zip(*(_at_units(units, *one) for one in said), strict=True)
        opinions = Opinions(np.log(np.stack(logits).astype(np.float64)), np.stack(known))
        kind = self._weighting.kind
        if kind == "confidence":
            weights = by_confidence(opinions, right.astype(np.int64), self._weighting.temperature)
        else:
            weights = np.array(self._weighting.weights if kind == "fixed" else [1.0] * len(said))[:, None]
        mixed = np.exp(opinions.mixed(weights))
        return (mixed / mixed.sum(axis=1, keepdims=True)).astype(np.float32)


@torch.inference_mode()
def _expected(
    model: MaskedLM, numbers: NDArray[np.int64], count: int, encoded: Sequence[Encoded], turns: int
) -> list[NDArray[np.float32]]:
    """Probabilities of the classes in the place of each unit of each text, (units, classes) each."""
    network, tokenizer = model
    device, ends = network.device, list(unit_ends(encoded, tokenizer))
    found = [np.full((len(one.units), count), 1 / count, np.float32) for one in encoded]
    # Text, and which of its units are masked.
    turn_of = [
        (index, range(turn, len(one.units), turns))
        for index, one in enumerate(encoded)
        for turn in range(min(turns, len(one.units)))
    ]
    told = torch.tensor(np.flatnonzero(numbers != NONE), device=device)
    classes = torch.tensor(numbers[numbers != NONE], device=device)
    in_bfloat16 = weights_for("auto", device) is torch.bfloat16
    for batch in token_batches([len(encoded[index].ids) for index, _ in turn_of], _TOKENS):
        ids, mask = pad([encoded[turn_of[one][0]].ids for one in batch], tokenizer.pad_token_id or 0)
        masked, asked = torch.zeros((2, *ids.shape), dtype=torch.bool)
        for row, one in enumerate(batch):
            index, units = turn_of[one]
            for unit in units:
                first = int(encoded[index].subwords[unit])
                masked[row, first : ends[index][unit]] = True
                asked[row, first] = True
        ids = ids.masked_fill(masked, tokenizer.mask_token_id)
        with torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16):
            logits = logits_at(network, ids.to(device), mask.to(device), asked.to(device))
        likely = torch.softmax(logits[:, told].float(), dim=-1)
        by_class = torch.zeros((len(likely), count), device=device).index_add_(1, classes, likely)
        rows = iter(by_class.clamp(min=_LEAST).cpu().numpy())
        for one in batch:
            index, units = turn_of[one]
            for unit in units:
                found[index][unit] = next(rows)
    return found


def _at_units(
    units: NDArray[np.int32], theirs: NDArray[np.int32], probabilities: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What a model says of another's units, (units, classes); and where it has a unit that begins there."""
    number, known = beginning_with(theirs, units)
    found = np.ones((len(units), probabilities.shape[1]), np.float32)
    found[known] = probabilities[number[known]]
    return found, known
