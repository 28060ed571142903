"""The shape of a student."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgekd.recipe.settings import Settings
from edgekd.text.projection import FrontEnd


class PQRNN(Settings):
    """The shape of a pQRNN student.

    Attributes:
        front_end: lengths and widths of the features; lengths of 0 are chosen from the training texts.
        bottleneck: width between the features and the first recurrent layer.
        units: state of each direction of a layer.
        layers: bidirectional recurrent layers.
        kernel: tokens under the convolution of a layer.
        dropout: between layers, in training.
        zoneout: of the last layer; it grows linearly from zero below the first.
    """

    kind: Literal["pqrnn"] = "pqrnn"
    token_features: int = 256
    ngram_features: int = 256
    ngram_groups: int = 4
    ngrams: tuple[int, ...] = (3,)
    max_tokens: int = Field(0, ge=0, le=512)
    max_chars: int = Field(0, ge=0, le=4096)
    bottleneck: int = Field(192, ge=1)
    units: int = Field(144, ge=1)
    layers: int = Field(2, ge=1)
    kernel: int = Field(2, ge=1, le=5)
    dropout: float = Field(0.2, ge=0, lt=1)
    zoneout: float = Field(0.1, ge=0, lt=1)

    @property
    def front_end(self) -> FrontEnd:
        """The text front end of this student, once its lengths are known."""
        return FrontEnd(
            self.token_features,
            self.ngram_features,
            self.ngram_groups,
            self.ngrams,
            self.max_tokens,
            self.max_chars,
        )


PRESETS: dict[str, PQRNN] = {
    "pqrnn-0.2m": PQRNN(token_features=192, ngram_features=192, bottleneck=112, units=56),
    "pqrnn-0.5m": PQRNN(bottleneck=144, units=104),
    "pqrnn-1m": PQRNN(),
    "pqrnn-2m": PQRNN(bottleneck=272, units=216),
}
"""Students by number of parameters (without the heads, whose size depends on the labels)."""
