"""The losses on states that a recipe asks for: which layers, through what, and how they enter a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras
import tensorflow as tf

from edgekd.distill.objectives import intermediate as objectives
from edgekd.distill.objectives.information import MutualInformation
from edgekd.distill.objectives.layer_maps import LayerMap
from edgekd.errors import UsageError
from edgekd.recipe import Intermediate, Shape
from edgekd.students.network import STATES
from edgekd.teachers.state_store import DEVIATIONS

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

    Teacher states come as `teachers.state_store` keeps them: standardised by dimension, those of
    `teacher_layers` side by side. A pooled state is the mean over the tokens of a text that the teacher
    knows, for teacher and student alike.

    Args:
        settings: by name.
        student: whose layers learn.
        depth: layers of the teacher.
        width: of one layer of the teacher.

    Attributes:
        teacher_layers: those whose states are needed, ascending; 0 is the embeddings.
        companions: layers that are trained along.

    Raises:
        UsageError: a layer map does not fit, or there are more student layers asked for than there are.
    """

    def __init__(
        self, settings: Mapping[str, Intermediate], student: Shape, *, depth: int, width: int
    ) -> None:
        self._settings, self._student = settings, student
        self._maps = {name: layer_map(one, student, depth) for name, one in settings.items()}
        self.teacher_layers = sorted({layer for map_ in self._maps.values() for _, layer in map_.pairs})
        self._through: dict[str, keras.layers.Layer] = {}
        for name, one in settings.items():
            own = student.state_width if one.layers else student.input_width
            if one.objective == "mi":
                self._through[name] = _critic(one, own, width)
            elif one.objective in _OF_EQUAL_WIDTH:
                self._through[name] = objectives.to_teacher_width(own, width)
                self._through[name].build((None, None, own))
        self.companions = list(self._through.values())

    def __call__(
        self, outputs: Mapping[str, tf.Tensor], states: tf.Tensor, known: tf.Tensor
    ) -> Iterator[tuple[str, tf.Tensor]]:
        """The losses by name, (batch,) each.

        Args:
            outputs: of a network that was built with its states (`students.network.build`).
            states: the teacher's, int8 (batch, tokens, width of all its layers).
            known: float32 (batch, tokens), 1 where the teacher has a state.
        """
        standardised = tf.cast(states, tf.float32) * (DEVIATIONS / 127)
        by_layer = dict(
            zip(self.teacher_layers, tf.split(standardised, len(self.teacher_layers), axis=-1), strict=True)
        )
        for name, one in self._settings.items():
            first = self._student.layers - one.layers if one.layers else 0

            def loss(ours: int, theirs: int, name: str = name, first: int = first) -> tf.Tensor:
                return self._loss(name, outputs[STATES.format(first + ours)], by_layer[theirs], known)

            yield name, self._maps[name].mean(loss)

    def _loss(self, name: str, student: tf.Tensor, teacher: tf.Tensor, known: tf.Tensor | None) -> tf.Tensor:
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
