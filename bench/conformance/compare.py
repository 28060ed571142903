"""Where the answers of two hosts differ, and how near a tie that was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.conformance.answers import Answer, Answers, legal_tags

FRONT_END = ("token_count", "token_spans", "features")


@dataclass(frozen=True)
class Changed:
    """Texts whose labels or slots are not those of another host.

    Attributes:
        texts: their numbers.
        margins: of each: by how many logits the other host prefers its own answer, as the mean over the
            labels or tags that changed. A runtime whose logits are off by half of that may change sides.
    """

    texts: list[int]
    margins: list[float]

    @property
    def largest_margin(self) -> float:
        return max(self.margins, default=0.0)

    def beyond(self, limit: float) -> list[int]:
        """The texts with a margin above `limit`."""
        return [text for text, margin in zip(self.texts, self.margins, strict=True) if margin > limit]


def front_end_differences(found: Answers, expected: Answers, *, features: bool) -> dict[str, list[int]]:
    """The texts whose number of tokens, token spans or features differ by a single bit."""
    both = range(min(len(found), len(expected)))
    differing = {
        "token_count": np.flatnonzero(found.token_count[: len(both)] != expected.token_count[: len(both)]),
        "token_spans": [i for i in both if not np.array_equal(found.spans[i], expected.spans[i])],
    }
    if features:
        differing["features"] = np.flatnonzero(found.features[: len(both)] != expected.features[: len(both)])
    return {what: [int(i) for i in texts] for what, texts in differing.items()}


def changed_labels(found: Answers, expected: Answers, *, multilabel: bool) -> Changed:
    """Texts with other labels: the best one, or for a multi-label task all above one half."""
    both = min(len(found), len(expected))
    ours, theirs = found.label_logits[:both], expected.label_logits[:both]
    if not ours.shape[1]:
        return Changed([], [])
    if multilabel:
        swapped = (ours > 0) != (theirs > 0)
        texts = np.flatnonzero(swapped.any(axis=1))
        margins = [float(np.abs(theirs[text][swapped[text]]).mean()) for text in texts]
    else:
        best, other = theirs.argmax(axis=1), ours.argmax(axis=1)
        texts = np.flatnonzero(best != other)
        margins = [float(theirs[text, best[text]] - theirs[text, other[text]]) for text in texts]
    return Changed([int(text) for text in texts], margins)


def changed_slots(found: Answers, expected: Answers, ask: Callable[[Sequence[int]], list[Answer]]) -> Changed:
    """Texts with other slots; `ask` gives the expected host's logits of some texts once more."""
    both = range(min(len(found), len(expected)))
    texts = [
        i
        for i in both
        if np.array_equal(found.spans[i], expected.spans[i])
        and not np.array_equal(found.tags[i], expected.tags[i])
    ]
    margins = []
    for text, answer in zip(texts, ask(texts), strict=True):
        best, other = legal_tags(answer), found.tags[text]
        changed = np.flatnonzero(best != other)
        lost = answer.tag_logits[changed, best[changed]] - answer.tag_logits[changed, other[changed]]
        margins.append(float(lost.mean()) if len(changed) else 0.0)
    return Changed(texts, margins)
