"""From logits to names: the label with its probability, and the slots with their places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekd.data.align import spans_from_tags
from edgekd.data.decode import best_tags
from edgekd.data.examples import Span


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
    return names[best], float(1.0 / np.exp(logits - logits[best]).sum())


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


def spans_of(tag_logits: np.ndarray, token_spans: np.ndarray, tags: Sequence[str]) -> tuple[Span, ...]:
    """The slots of one text: the best BIO tags of its tokens, joined into spans of code points.

    Args:
        tag_logits: (tokens, tags), without padding.
        token_spans: (tokens, 2), start and end in code points.
        tags: names of the tags, "O" first.
    """
    best = best_tags(tag_logits)
    if not any(best):
        return ()
    return spans_from_tags([tags[i] for i in best], token_spans.tolist())
