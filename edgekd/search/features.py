"""A data set in numbers, before anything is trained: by these, data sets are found alike."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from edgekd.data.examples import Dataset, Example, Task
from edgekd.text.tokens import tokenize

_QUESTIONS, _NEIGHBOURS = 300, 3000
"""Texts of dev that ask for their nearest text of train, and texts of train among which it is looked for."""


def features(dataset: Dataset, teacher_score: float) -> dict[str, float]:
    """Numbers of comparable size.

    Args:
        dataset: with a train and a dev split.
        teacher_score: of the teacher on dev, 0 to 1: how much there is to learn, and how reliably.

    Returns:
        log_texts, log_dev_texts: decimal logarithms of counts, as all that begins with log.
        log_labels, log_slots: kinds; 0 for none.
        label_entropy: in bits, of the labels of train; commonest_label: its share of the texts.
        several_labels: 1 where a text may have any number of labels.
        spans: slots in a text; spanned: share of the tokens inside one.
        log_languages: languages.
        tokens: in a text of train; log_vocabulary: distinct ones; type_token_ratio: of those to all.
        ascii: share of the characters.
        unseen: share of the tokens of dev that train lacks.
        overlap: of a text of dev with the most similar one of train (Jaccard index of their tokens).
        neighbour_right: share of the texts of dev whose labels that one has.
        teacher: its score.
    """
    train, dev = dataset.splits["train"], dataset.splits["dev"]
    tokens = [_tokens(example.text) for example in train]
    every = [token for text in tokens for token in text]
    vocabulary = set(every)
    labels = np.array(list(Counter(label for one in train for label in one.labels).values()) or [1])
    shares = labels / labels.sum()
    asked = [token for example in dev for token in _tokens(example.text)]
    characters = [character for example in train for character in example.text]
    overlap, right = _nearest(train, tokens, dev)
    return {
        "log_texts": float(np.log10(len(train))),
        "log_dev_texts": float(np.log10(len(dev))),
        "log_labels": float(np.log10(1 + len(dataset.labels.labels))),
        "log_slots": float(np.log10(1 + len(dataset.labels.slots))),
        "label_entropy": float(-(shares * np.log2(shares)).sum()),
        "commonest_label": float(shares.max()),
        "several_labels": float(dataset.task is Task.MULTILABEL),
        "spans": _mean(len(example.spans) for example in train),
        "spanned": _share(_inside(example) for example in train),
        "log_languages": float(np.log10(len(dataset.languages))),
        "tokens": _mean(map(len, tokens)),
        "log_vocabulary": float(np.log10(1 + len(vocabulary))),
        "type_token_ratio": len(vocabulary) / max(len(every), 1),
        "ascii": _mean(character.isascii() for character in characters),
        "unseen": _mean(token not in vocabulary for token in asked),
        "overlap": overlap,
        "neighbour_right": right,
        "teacher": teacher_score,
    }


def _tokens(text: str) -> list[str]:
    folded = text.casefold()
    return [folded[start:end] for start, end in tokenize(folded)]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(np.mean(found)) if found else 0.0


def _share(pairs: Iterable[tuple[int, int]]) -> float:
    some, every = np.array(list(pairs)).sum(axis=0)
    return float(some / max(every, 1))


def _inside(example: Example) -> tuple[int, int]:
    """Tokens that start in a slot, and all."""
    starts = [start for start, _ in tokenize(example.text)]
    inside = sum(any(span.start <= start < span.end for span in example.spans) for start in starts)
    return inside, len(starts)


def _nearest(
    train: Sequence[Example], tokens: Sequence[Sequence[str]], dev: Sequence[Example]
) -> tuple[float, float]:
    """Of texts drawn from dev: the mean overlap with their nearest of train, and how often its labels fit."""
    draw = random.Random(0)
    known = draw.sample(range(len(train)), min(len(train), _NEIGHBOURS))
    having: dict[str, list[int]] = defaultdict(list)
    sizes = {number: len(set(tokens[number])) for number in known}
    for number in known:
        for token in set(tokens[number]):
            having[token].append(number)
    overlaps, right = [], []
    for example in draw.sample(list(dev), min(len(dev), _QUESTIONS)):
        asked = set(_tokens(example.text))
        common = Counter(number for token in asked for number in having.get(token, ()))
        found = {number: both / (len(asked) + sizes[number] - both) for number, both in common.items()}
        best = max(found, key=lambda number: (found[number], -number), default=known[0])
        overlaps.append(found.get(best, 0.0))
        right.append(set(train[best].labels) == set(example.labels))
    return _mean(overlaps), _mean(right)
