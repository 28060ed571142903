"""The inputs on which the ranges of full int8 are measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekd.export.graph import INPUT
from edgekd.quantize.static import Sample
from edgekd.text.tokens import code_points

_TEXTS = 300


def samples(texts: Sequence[str], max_chars: int, *, padded: bool) -> list[Sample]:
    """Some of the texts, from all parts of the list, as inputs of an exported file.

    Args:
        texts: any number.
        max_chars: what is longer is cut.
        padded: to this length with zeros, as TFLite takes them; for ONNX each has its own.
    """
    chosen = texts[:: max(len(texts) // _TEXTS, 1)][:_TEXTS]
    read = [code_points(text[:max_chars] or "\0") for text in chosen]
    return [{INPUT: np.pad(one, (0, (max_chars - len(one)) * padded))[None].astype(np.int32)} for one in read]
