"""The comparison as figures and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.conformance.compare import Changed
from bench.conformance.run import KERAS, Compared

_HEAD = (
    "| bundle | weights | ran in | front end: texts | other tokens | other features | network: texts "
    "| other labels than here | slots | other labels than Keras | slots |\n"
    "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def as_json(compared: Sequence[Compared]) -> list[dict[str, Any]]:
    """All figures, without the texts."""
    return [
        {
            "bundle": one.bundle,
            "scheme": one.scheme,
            "host": one.host,
            "ran": one.ran,
            "front_end_texts": one.front_end_texts,
            "differing": {what: len(texts) for what, texts in one.differing.items()},
            "texts": one.texts,
            "labels": _figures(one.labels),
            "slots": _figures(one.slots),
            "failures": list(one.failures),
        }
        for one in compared
    ]


def _figures(changed: Mapping[str, Changed]) -> dict[str, dict[str, float]]:
    return {
        other: {
            "changed": len(found.texts),
            "median_margin": float(np.median(found.margins)) if found.margins else 0.0,
            "largest_margin": found.largest_margin,
        }
        for other, found in changed.items()
    }


def as_markdown(compared: Sequence[Compared]) -> str:
    """The table. In brackets the largest margin of a difference, in logits."""
    lines = [_HEAD]
    for one in compared:
        tokens = len({*one.differing["token_count"], *one.differing["token_spans"]})
        among = [
            next((_cell(found) for other, found in changed.items() if other != KERAS), "")
            for changed in (one.labels, one.slots)
        ]
        cells = [
            *(one.bundle, one.scheme, one.ran, f"{one.front_end_texts:,}", str(tokens)),
            *(str(len(one.differing["features"])), f"{one.texts:,}", *among),
            *(_cell(one.labels[KERAS]), _cell(one.slots[KERAS])),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(changed: Changed) -> str:
    count = f"{len(changed.texts):,}"
    return f"{count} ({changed.largest_margin:.2g})" if changed.texts else count
