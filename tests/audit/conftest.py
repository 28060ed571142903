"""The project's corpus with wrong labels put into it, and a small teacher that learns from them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edgekd.corpus.generate import Sizes, generate
from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Dataset, Example, LabelSet, Task
from edgekd.runtime.decode import softmax
from edgekd.teachers.teacher import SoftLabels
from edgekd.text.projection import FrontEnd, text_features

NOISE = 0.1
FEATURES = FrontEnd(token_features=64, ngram_features=64, max_tokens=32, max_chars=160)


class Linear:
    """Softmax regression on the front end's features: the label from their sum over the text, each tag from
    its token and the two beside it. On dev it reads three texts in four as the grammar meant them."""

    any_text, fingerprint = True, "linear"

    def __init__(self, task: Task, labels: LabelSet, train: Sequence[Example]) -> None:
        self.task, self.labels = task, labels
        texts = [_features(one.text) for one in train]
        names = [labels.labels.index(one.labels[0]) for one in train]
        tags = [
            labels.tags.index(tag)
            for one, (_, units) in zip(train, texts, strict=True)
            for tag in tags_from_spans(one.spans, units.tolist())[0]
        ]
        self._label = _fit(np.stack([_pooled(rows) for rows, _ in texts]), names, len(labels.labels))
        self._tag = _fit(
            np.concatenate([_with_neighbours(rows) for rows, _ in texts]), tags, len(labels.tags)
        )

    def label(self, texts):
        for text in texts:
            rows, units = _features(text)
            yield SoftLabels(
                (_pooled(rows) @ self._label).astype(np.float32),
                units,
                (_with_neighbours(rows) @ self._tag).astype(np.float32),
            )


def _features(text: str) -> tuple[np.ndarray, np.ndarray]:
    rows, units, _ = text_features(text, FEATURES)
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1), units


def _pooled(rows: np.ndarray) -> np.ndarray:
    return rows.sum(axis=0) / len(rows) ** 0.5


def _with_neighbours(rows: np.ndarray) -> np.ndarray:
    around = np.pad(rows, ((1, 1), (0, 0)))
    return np.concatenate([around[:-2], around[1:-1], around[2:]], axis=1)


def _fit(rows: np.ndarray, names: Sequence[int], count: int) -> np.ndarray:
    """The weights after a hundred steps of Adam, with a little decay."""
    wanted, rows = np.eye(count)[names], rows.astype(np.float32)
    weights, mean, square = (np.zeros((rows.shape[1], count), np.float32) for _ in range(3))
    for step in range(1, 121):
        gradient = rows.T @ (softmax(rows @ weights) - wanted) / len(rows) + 1e-4 * weights
        mean += 0.1 * (gradient - mean)
        square += 0.01 * (gradient**2 - square)
        weights -= 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return weights


def spoiled(examples: Sequence[Example], labels: LabelSet, seed: int) -> tuple[list[Example], set[int]]:
    """The examples, of a tenth of them another label or another name for a slot; and which these are."""
    chance = random.Random(seed)
    found, wrong = list(examples), set()
    for index in chance.sample(range(len(found)), round(NOISE * len(found))):
        one = found[index]
        if one.spans and chance.random() < 0.5:
            which = chance.randrange(len(one.spans))
            slot = chance.choice([slot for slot in labels.slots if slot != one.spans[which].slot])
            spans = list(one.spans)
            spans[which] = replace(spans[which], slot=slot)
            found[index] = replace(one, spans=tuple(spans))
        else:
            other = chance.choice([label for label in labels.labels if label not in one.labels])
            found[index] = replace(one, labels=(other,))
        wrong.add(index)
    return found, wrong


@pytest.fixture(scope="session")
def clean() -> Dataset:
    """Train and dev of one kind: every fourth text is held out."""
    sizes = Sizes(train=600, dev=1, test=1, unlabelled=0)
    every = generate(1, wanted=["de", "en"], sizes=sizes)["train"]
    train = [one for number, one in enumerate(every) if number % 4]
    return Dataset("corpus", Task.JOINT, {"train": train, "dev": every[::4]}, LabelSet.of(every))


@pytest.fixture(scope="session")
def noisy(clean) -> tuple[Dataset, dict[str, set[int]]]:
    """The same with wrong labels, and the numbers of the wrong examples by split."""
    pairs = {name: spoiled(split, clean.labels, len(split)) for name, split in clean.splits.items()}
    splits = {name: examples for name, (examples, _) in pairs.items()}
    return replace(clean, splits=splits), {name: wrong for name, (_, wrong) in pairs.items()}


@pytest.fixture(scope="session")
def linear(noisy) -> Linear:
    """A teacher that has learned from the noisy train split."""
    data, _ = noisy
    return Linear(data.task, data.labels, data.splits["train"])


@pytest.fixture(scope="session")
def other_linear(noisy) -> Linear:
    """Another one, from half of it."""
    data, _ = noisy
    teacher = Linear(data.task, data.labels, data.splits["train"][::2])
    teacher.fingerprint = "half"
    return teacher
