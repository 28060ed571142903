"""Sentences of a small language, and a teacher whose states follow from each word and the one before it."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from edgekd.recipe import PQRNN, Pretraining, Training
from edgekd.teachers.states import WordStates
from edgekd.text.tokens import tokenize

WORDS = ("wake", "me", "up", "at", "noon", "call", "my", "mother", "the", "train", "กรุงเทพ", "दिल्ली", "北京")
SHAPE = PQRNN(token_features=64, ngram_features=64, bottleneck=24, units=12, layers=1, dropout=0, zoneout=0)


class RuleStates:
    """A stand-in for a network: reads words between spaces as units."""

    def __init__(self, width: int = 6, seed: int = 0) -> None:
        self.width, self.seed, self.layers = width, seed, (1,)
        self.fingerprint = f"rule-{width}-{seed}"
        self.read = 0

    def state(self, before: str, word: str) -> np.ndarray:
        draw = [np.random.default_rng([self.seed, zlib.crc32(one.encode())]) for one in (word, before)]
        own, others = (one.normal(size=self.width) for one in draw)
        return (5 + own + 0.5 * others).astype(np.float32)

    def states(self, texts: Sequence[str]):
        for text in texts:
            self.read += 1
            units, states, end, before = [], [], 0, ""
            for word in text.split():
                start = text.index(word, end)
                end = start + len(word)
                units.append((start, end))
                states.append(self.state(before, word))
                before = word
            yield WordStates(
                np.array(units, np.int32).reshape(-1, 2),
                np.array(states, np.float32).reshape(-1, self.width),
                np.zeros((len(units), len(units), 0), np.int8),
            )


def sentences(count: int, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(2, 8))) for _ in range(count)]


@pytest.fixture
def teacher() -> RuleStates:
    return RuleStates()


@pytest.fixture
def settings() -> Pretraining:
    return Pretraining(
        student=SHAPE,
        training=Training(epochs=8, batch_size=16, learning_rate=0.02, ema=0.9, warmup=0.1, typing_noise=0),
        hidden=0,
    )


def tokens_of(text: str) -> int:
    return len(tokenize(text))
