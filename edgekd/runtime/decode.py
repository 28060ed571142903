"""From logits to names: the label with its probability, and the slots with their places."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from edgekd.data.decode import best_tags


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis; the shape stays. Large logits do not overflow."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Independent probabilities; the shape stays. Written through tanh, which does not overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * logits))


def best_label(logits: np.ndarray, names: Sequence[str]) -> tuple[str, float]:
    """The most probable of exclusive labels, and its probability; `logits` is (labels,)."""
    best = int(logits.argmax())
    weights = np.exp(logits - logits.item(best))
    return names[best], 1.0 / weights.dot(_ones(len(weights))).item()


@cache
def _ones(length: int) -> np.ndarray:
    """To add numbers up by a product, which takes a third of a sum's time for so few."""
    return np.ones(length, np.float32)


def out_of_scope_score(logits: np.ndarray, best_score: float, unscoped: int | None) -> float:
    """How little a text looks like any of the labels in scope: 1 - the largest probability among them.

    Args:
        logits: (labels,), calibrated.
        best_score: the largest probability of all, which mostly is the one wanted.
        unscoped: the number of the label for texts out of scope, where there is one.
    """
    if unscoped is None or int(logits.argmax()) != unscoped:
        return 1.0 - best_score
    return 1.0 - float(np.delete(softmax(logits), unscoped).max(initial=0.0))


def labels_above_half(logits: np.ndarray, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """The labels of a multi-label task above one half, and their probabilities; `logits` is (labels,)."""
    chosen = np.flatnonzero(logits > 0.0)
    return tuple(names[i] for i in chosen), tuple(sigmoid(logits[chosen]).tolist())


def spans_of(
    tag_logits: np.ndarray, token_spans: np.ndarray, slots: Sequence[str]
) -> list[tuple[int, int, str]]:
    """The slots of one text: the best BIO tags of its tokens, joined to (start, end, slot) in code points.

    Args:
        tag_logits: (tokens, tags), without padding; the tags in the order O, B-a, I-a, B-b, I-b, ...
        token_spans: (tokens, 2), start and end in code points.
        slots: names of the slots a, b, ...
    """
    # By the numbers of the tags, not by their names as `data.align` does for any scheme: a hot path.
    spans: list[tuple[int, int, str]] = []
    for token, tag in enumerate(best_tags(tag_logits)):
        if tag % 2:
            spans.append((token_spans.item(token, 0), token_spans.item(token, 1), slots[tag // 2]))
        elif tag:  # best_tags lets it follow its own slot only
            spans[-1] = (spans[-1][0], token_spans.item(token, 1), spans[-1][2])
    return spans
