"""Post-training schemes, as data.

A scheme's name says what it does: `dynamic_wi8_afp32` keeps weights (w) in 8-bit integers (i8) and
activations (a) in float32, which are brought to 8 bits at run time for the products, each by its own range;
`static_wi8_ai8` by a range that was measured before. Weights in float16 are brought to float32 when the file
is loaded: half the bytes, the same speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgekd.errors import UsageError


@dataclass(frozen=True)
class Scheme:
    """How weights are stored, and what that may cost.

    Attributes:
        name: as written in a bundle.
        weight_bits: of the matrices; biases and the tables of the front end keep their types.
        logit_tolerance: largest difference from Keras that passes for one logit, as a share of the largest
            logit of the golden texts.
        agreement: share of a data set's texts that must get the same labels and slots as from Keras.
        float_weights: largest share of a file's weights that may still be float32; with 4 bits the scales of
            the blocks count as such.
        calibrated: the products take activations in 8 bits too, whose ranges are measured on texts before.
    """

    name: str
    weight_bits: int
    logit_tolerance: float
    agreement: float
    float_weights: float
    calibrated: bool = False


SCHEMES: Mapping[str, Scheme] = {
    "float32": Scheme("float32", 32, logit_tolerance=1e-4, agreement=0.999, float_weights=1.0),
    "float16": Scheme("float16", 16, logit_tolerance=2e-3, agreement=0.995, float_weights=0.05),
    "int8": Scheme("dynamic_wi8_afp32", 8, logit_tolerance=0.05, agreement=0.97, float_weights=0.05),
    "full-int8": Scheme(
        "static_wi8_ai8", 8, logit_tolerance=0.35, agreement=0.95, float_weights=0.05, calibrated=True
    ),
    "int4": Scheme("dynamic_wi4_afp32", 4, logit_tolerance=0.4, agreement=0.9, float_weights=0.05),
}
"""Schemes by the name that `edgekd export --quantize` takes."""


def scheme(name: str) -> Scheme:
    """The scheme that `--quantize` names; raises UsageError for another name."""
    if name not in SCHEMES:
        raise UsageError(f"there is no quantization {name!r}", expected=f"one of {', '.join(SCHEMES)}")
    return SCHEMES[name]


def short_name(scheme: Scheme) -> str:
    """What `--quantize` calls a scheme."""
    return next(name for name, one in SCHEMES.items() if one == scheme)
