"""New texts from labelled ones. They carry no labels: the teacher gives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from edgekd.data.examples import Example

_SWAPPED = 0.7


def recombine(
    examples: Sequence[Example], times: int, *, exclude: Collection[str], seed: int
) -> Iterator[Example]:
    """Texts in which slot values are swapped for others of the same slot and language.

    Args:
        examples: labelled with slots; those without are passed over.
        times: tries for each example.
        exclude: texts that must not come out, such as those of the splits that are held back.
        seed: of the choice.

    Yields:
        Each new text once, with its language, without labels.
    """
    rng = np.random.default_rng(seed)
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    for example in examples:
        for span in example.spans:
            values[example.language, span.slot].append(example.text[span.start : span.end])
    seen = {example.text for example in examples} | set(exclude)
    for example in examples:
        for _ in range(times if example.spans else 0):
            parts, end = [], 0
            for span in example.spans:
                choices = values[example.language, span.slot]
                value = choices[int(rng.integers(len(choices)))]
                parts.append(example.text[end : span.start])
                parts.append(value if rng.random() < _SWAPPED else example.text[span.start : span.end])
                end = span.end
            text = "".join(parts) + example.text[end:]
            if text not in seen:
                seen.add(text)
                yield Example(text, example.language)
