"""The shape of a student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, TypeAdapter, model_validator

from edgekd.recipe.settings import Settings
from edgekd.text.projection import FrontEnd
from edgekd.text.word_pieces import Vocabulary, WordPieces

MOST_TOKENS, MOST_POSITIONS = 512, 128
"""Of a text; and rows of a table of learned positions."""


NOISE = {"dropout", "zoneout"}
IN_TRAINING = {*NOISE, "inherit"}
"""Settings that matter in training alone; of these, what is random."""


class Shape(Settings):
    """What students of every kind have: the text front end, which the text goes through without a vocabulary.

    Attributes:
        token_features, ngram_features, ngram_groups, ngrams: widths and kinds of the features.
        max_tokens, max_chars: lengths of a text; those of 0 are chosen from the training texts.
        dropout: between layers, in training.
    """

    token_features: int = 256
    ngram_features: int = 256
    ngram_groups: int = 4
    ngrams: tuple[int, ...] = (3,)
    max_tokens: int = Field(0, ge=0, le=MOST_TOKENS)
    max_chars: int = Field(0, ge=0, le=4096)
    dropout: float = Field(0.2, ge=0, lt=1)

    @property
    def reads_pieces(self) -> bool:
        """Whether it has a vocabulary of word pieces in place of the projection."""
        return False

    def front_end(self, vocabulary: Vocabulary | None = None) -> FrontEnd | WordPieces:
        """The text front end of this student, once its lengths are known."""
        if vocabulary:
            return WordPieces(vocabulary, self.max_tokens, self.max_chars)
        return FrontEnd(
            self.token_features,
            self.ngram_features,
            self.ngram_groups,
            self.ngrams,
            self.max_tokens,
            self.max_chars,
        )

    @property
    def most_tokens(self) -> int:
        """That a student of this kind can be made for."""
        return MOST_TOKENS

    def without_noise(self) -> Self:
        """The same shape, trained without dropout of any kind."""
        noise = type(self).model_fields.keys() & NOISE
        return self.model_copy(update=dict.fromkeys(noise, 0.0))


class PQRNN(Shape):
    """A recurrent student.

    Attributes:
        bottleneck: width between the features and the first recurrent layer.
        units: state of each direction of a layer.
        layers: bidirectional recurrent layers.
        kernel: tokens under the convolution of a layer.
        zoneout: of the last layer; it grows linearly from zero below the first.
    """

    kind: Literal["pqrnn"] = "pqrnn"
    bottleneck: int = Field(192, ge=1)
    units: int = Field(144, ge=1)
    layers: int = Field(2, ge=1)
    kernel: int = Field(2, ge=1, le=5)
    zoneout: float = Field(0.1, ge=0, lt=1)

    @property
    def state_width(self) -> int:
        """Of each layer: both directions side by side."""
        return 2 * self.units

    @property
    def input_width(self) -> int:
        """Of what goes into the first layer."""
        return self.bottleneck


class Transformer(Shape):
    """A small transformer.

    Attributes:
        front: "projection", as a pQRNN has it, or "word_pieces", of the teacher's tokenizer.
        pieces: of the vocabulary at most: those that the texts need most.
        embedding: width of the vectors of pieces.
        inherit: what it starts from of its teacher: "nothing", "embeddings" of pieces, or these and layers,
            which takes the teacher's width: the "first", the "last", evenly spaced ("alternate"), or those of
            these numbers, from 1.
        width: of the states.
        layers: of attention and two dense layers.
        heads: of the attention; they share the width.
        feed_forward: width between the two dense layers.
        positions: "rotary", for texts of any length, or "learned", as BERT has them.
    """

    kind: Literal["transformer"] = "transformer"
    dropout: float = Field(0.1, ge=0, lt=1)
    front: Literal["projection", "word_pieces"] = "projection"
    pieces: int = Field(4000, ge=1)
    embedding: int = Field(128, ge=1)
    inherit: Literal["nothing", "embeddings", "first", "last", "alternate"] | tuple[int, ...] = "nothing"
    width: int = Field(192, ge=16)
    layers: int = Field(3, ge=1)
    heads: int = Field(4, ge=1)
    feed_forward: int = Field(384, ge=16)
    positions: Literal["rotary", "learned"] = "rotary"

    @property
    def state_width(self) -> int:
        """Of each layer."""
        return self.width

    @property
    def input_width(self) -> int:
        """Of what goes into the first layer."""
        return self.width

    @property
    def most_tokens(self) -> int:
        """Learned positions end."""
        return MOST_POSITIONS if self.positions == "learned" else MOST_TOKENS

    @property
    def reads_pieces(self) -> bool:
        return self.front == "word_pieces"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"the width {self.width} is not divisible by {self.heads} heads")
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise ValueError(f"rotary positions need heads of even width, not {self.width // self.heads}")
        if self.max_tokens > self.most_tokens:
            raise ValueError(
                f"learned positions end at {self.most_tokens} tokens, not {self.max_tokens}: take rotary ones"
            )
        return self


def _kind(content: Any) -> Any:
    return content.get("kind", "pqrnn") if isinstance(content, Mapping) else getattr(content, "kind", None)


AnyStudent = Annotated[
    Annotated[PQRNN, Tag("pqrnn")] | Annotated[Transformer, Tag("transformer")],
    Discriminator(
        _kind,
        custom_error_type="student_kind",
        custom_error_message="there is no student of this kind; kinds are pqrnn and transformer",
    ),
]
"""A student whose kind is not said is a pQRNN."""


def any_student(content: Mapping[str, Any]) -> PQRNN | Transformer:
    """The shape that a recipe or a student's description holds; raises ValueError for what is none."""
    return TypeAdapter(AnyStudent).validate_python(content)


def _pieces(pieces: int, **sizes: int) -> Transformer:
    return Transformer(front="word_pieces", pieces=pieces, inherit="embeddings", **sizes)


PRESETS: dict[str, PQRNN | Transformer] = {
    "pqrnn-0.2m": PQRNN(token_features=192, ngram_features=192, bottleneck=112, units=56),
    "pqrnn-0.5m": PQRNN(bottleneck=144, units=104),
    "pqrnn-1m": PQRNN(),
    "pqrnn-2m": PQRNN(bottleneck=272, units=216),
    "pqrnn-4m": PQRNN(bottleneck=392, units=304),
    "transformer-0.5m": Transformer(width=128, layers=3, feed_forward=256),
    "transformer-1m": Transformer(),
    "transformer-2m": Transformer(width=256, layers=3, feed_forward=640),
    "transformer-4m": Transformer(width=320, layers=4, heads=5, feed_forward=896),
    "pieces-0.5m": _pieces(2500, embedding=64, width=128, layers=2, feed_forward=256),
    "pieces-1m": _pieces(4000, embedding=96, width=160, layers=3, feed_forward=320),
    "pieces-2m": _pieces(6000, embedding=128, width=224, layers=3, feed_forward=448),
    "pieces-4m": _pieces(8000, embedding=160, width=288, layers=4, feed_forward=576),
}
"""Students by number of parameters (without the heads, whose size depends on the labels): recurrent ones,
transformers behind the projection, and transformers with the word pieces of their teacher."""
