"""The losses on what is inside that a recipe asks for: which layers, through what, how they enter a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from edgekd.distill.objectives import intermediate as objectives
from edgekd.distill.objectives.information import MutualInformation
from edgekd.distill.objectives.layer_maps import LayerMap
from edgekd.errors import UsageError
from edgekd.recipe import Intermediate, Shape, Transformer
from edgekd.students.network import ATTENTION, STATES
from edgekd.teachers.state_store import DEVIATIONS, SCORES, TeacherStates

if TYPE_CHECKING:
    from transformers import PretrainedConfig

_FUNCTIONS = {
    "mse": objectives.mse,
    "cosine": objectives.cosine,
    "pkd": objectives.pkd,
    "rkd_distance": objectives.rkd_distance,
    "rkd_angle": objectives.rkd_angle,
}
_OF_EQUAL_WIDTH = ("mse", "cosine", "pkd")


class IntermediateLosses:
    """The intermediate losses of a training run.

    What is the teacher's comes as `teachers.state_store` keeps it: states standardised by dimension, those of
    several layers side by side; scores of attention, those of `attention_layers`. A pooled state is the
    mean over the tokens of a text that the teacher knows, for teacher and student alike.

    Args:
        settings: by name.
        student: whose layers learn.
        depth: layers of the teacher.
        width: of one layer of the teacher.
        heads: of one layer of the teacher.
        stored: the layers whose states come side by side; `teacher_layers`, if nothing is said.

    Attributes:
        teacher_layers: those whose states are needed, ascending; 0 is the embeddings.
        attention_layers: those whose attention is.
        companions: layers that are trained along.

    Raises:
        UsageError: a layer map does not fit, there are more student layers asked for than there are, or
            attention of a student that has none, or not as many heads.
    """

    def __init__(
        self,
        settings: Mapping[str, Intermediate],
        student: Shape,
        *,
        depth: int,
        width: int,
        heads: int,
        stored: Sequence[int] | None = None,
    ) -> None:
        self._settings, self._student = settings, student
        self._maps = {name: layer_map(one, student, depth) for name, one in settings.items()}
        self.teacher_layers = self._layers(of_attention=False)
        self.attention_layers = self._layers(of_attention=True)
        self._stored = self.teacher_layers if stored is None else stored
        if self.attention_layers:
            _require_heads(student, heads)
        self._through: dict[str, keras.layers.Layer] = {}
        for name, one in settings.items():
            own = student.state_width if one.layers else student.input_width
            if one.objective == "mi":
                self._through[name] = _critic(one, own, width)
            elif one.objective in _OF_EQUAL_WIDTH:
                self._through[name] = objectives.to_teacher_width(own, width)
                self._through[name].build((None, None, own))
        self.companions = list(self._through.values())

    @classmethod
    def between(
        cls,
        settings: Mapping[str, Intermediate],
        student: Shape,
        teacher: PretrainedConfig,
        stored: Sequence[int] | None = None,
    ) -> IntermediateLosses:
        """Of a student and an encoder of transformers."""
        depth, width, heads = teacher.num_hidden_layers, teacher.hidden_size, teacher.num_attention_heads
        return cls(settings, student, depth=depth, width=width, heads=heads, stored=stored)

    def __call__(
        self, outputs: Mapping[str, tf.Tensor], teacher: TeacherStates
    ) -> Iterator[tuple[str, tf.Tensor]]:
        """The losses by name, (batch,) each.

        Args:
            outputs: of a network that was built with its states (`students.network.build`).
            teacher: what it makes of the batch.
        """
        states = _by_layer(teacher.states, self._stored, DEVIATIONS)
        scores = _by_layer(teacher.scores, self.attention_layers, SCORES)
        for name, one in self._settings.items():
            first = self._student.layers - one.layers if one.layers else 0

            def loss(ours: int, theirs: int, name: str = name, first: int = first) -> tf.Tensor:
                if self._settings[name].objective == "attention":
                    met = tf.transpose(scores[theirs], [0, 3, 1, 2])
                    return objectives.attention(outputs[ATTENTION.format(first + ours)], met, teacher.known)
                return self._loss(name, outputs[STATES.format(first + ours)], states[theirs], teacher.known)

            yield name, self._maps[name].mean(loss)

    def _layers(self, *, of_attention: bool) -> list[int]:
        """The teacher's layers of which attention, or states, are needed."""
        return sorted(
            {
                layer
                for name, one in self._settings.items()
                if (one.objective == "attention") is of_attention
                for _, layer in self._maps[name].pairs
            }
        )

    def _loss(self, name: str, student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor | None) -> tf.Tensor:
        """Of states, (batch, tokens, width) each."""
        one = self._settings[name]
        if one.of == "pooled":
            student, teacher, known = _pooled(student, known), _pooled(teacher, known), None
        if one.objective == "mi":
            return self._through[name](student, teacher, known, known)
        if one.objective in _OF_EQUAL_WIDTH:
            student = self._through[name](student)
        return _FUNCTIONS[one.objective](student, teacher, known)


def layer_map(settings: Intermediate, student: Shape, depth: int) -> LayerMap:
    """Which layers an intermediate loss compares.

    Raises:
        UsageError: as for IntermediateLosses.
    """
    if settings.layers > student.layers:
        raise UsageError(
            f"an intermediate loss on the last {settings.layers} layers of a student with {student.layers}",
            expected=f"distillation.intermediate layers of {student.layers} at most",
        )
    return LayerMap(settings.layer_map, settings.layers, depth)


def _require_heads(student: Shape, heads: int) -> None:
    if not isinstance(student, Transformer):
        raise UsageError(
            f"a loss on the attention of a {student.kind}, which has none",
            expected="a transformer as the student",
            fix="leave attention out of intermediate, or choose --student transformer-1m",
        )
    if student.heads != heads:
        raise UsageError(
            f"a loss on attention between {student.heads} heads of the student and {heads} of the teacher",
            expected="as many",
            fix=f"set student.heads={heads}, and a student.width that they divide into even parts",
        )


def _by_layer(values: tf.Tensor, layers: Sequence[int], most: float) -> dict[int, tf.Tensor]:
    """From the bytes of a store, those of some layers side by side, to the values of each."""
    if not layers:
        return {}
    parts = tf.split(tf.cast(values, tf.float32) * (most / 127), len(layers), axis=-1)
    return dict(zip(layers, parts, strict=True))


def _critic(settings: Intermediate, width: int, teacher_width: int) -> MutualInformation:
    """With its weights made: they must be there before the optimizer is."""
    pooled = settings.of == "pooled"
    critic = MutualInformation("mlp" if pooled else "transformer", alpha=settings.alpha)
    shape = (2,) if pooled else (2, 1)
    critic(tf.zeros((*shape, width)), tf.zeros((*shape, teacher_width)))
    return critic


def _pooled(states: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    total = tf.reduce_sum(states * known[..., None], axis=1)
    return total / tf.maximum(tf.reduce_sum(known, axis=1, keepdims=True), 1.0)
