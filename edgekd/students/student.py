"""A student: its network, and what its numbers mean."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import RunError
from edgekd.files import read_json, replacing, sha256, write_json
from edgekd.recipe import Shape
from edgekd.recipe.student import any_student
from edgekd.students.network import build, fastest_products
from edgekd.teachers.teacher import SoftLabels
from edgekd.text import word_pieces
from edgekd.text.projection import VERSION, FrontEnd
from edgekd.text.word_pieces import Vocabulary, WordPieces

_TEXTS_AT_ONCE = 512


@dataclass(frozen=True)
class Student:
    """A network behind the text front end; a Teacher, too, that another student can learn from.

    Attributes:
        task: what it predicts.
        labels: the names of its outputs.
        languages: of the texts that it was trained on.
        config: its shape, with the lengths of the front end filled in.
        network: see `students.network.build` for inputs and outputs.
        vocabulary: of one that reads word pieces.
        calibration: how its label logits were calibrated, as JSON values (`distill.calibration.Calibration`);
            empty where they were not.
        out_of_scope: when a text is none of the labels, likewise (`distill.out_of_scope.OutOfScope`).
    """

    task: Task
    labels: LabelSet
    languages: tuple[str, ...]
    config: Shape
    network: keras.Model
    vocabulary: Vocabulary | None = None
    calibration: Mapping[str, Any] = field(default_factory=dict)
    out_of_scope: Mapping[str, Any] = field(default_factory=dict)
    any_text: ClassVar[bool] = True

    @classmethod
    def new(
        cls,
        task: Task,
        labels: LabelSet,
        languages: Sequence[str],
        config: Shape,
        *,
        seed: int,
        vocabulary: Vocabulary | None = None,
    ) -> Student:
        """A student with random weights."""
        keras.utils.set_random_seed(seed)
        return cls(task, labels, tuple(languages), config, build(config, labels), vocabulary)

    @functools.cached_property
    def front_end(self) -> FrontEnd | WordPieces:
        return self.config.front_end(self.vocabulary)

    @property
    def parameters(self) -> int:
        """Weights that inference needs."""
        return sum(int(np.prod(weight.shape)) for weight in self.network.weights if weight.dtype != "uint32")

    @functools.cached_property
    def fingerprint(self) -> str:
        """A hash over the weights that inference needs and what their numbers mean."""
        digest = hashlib.sha256(json.dumps(self.description(), sort_keys=True).encode())
        for weight in self.network.weights:
            if weight.dtype != "uint32":
                digest.update(weight.numpy().tobytes())
        return digest.hexdigest()[:16]

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """Logits of each text, by the numpy front end and Keras: what exports are held against.

        A student's units are its tokens.
        """
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            yield from self._label_some(texts[start : start + _TEXTS_AT_ONCE])

    def _label_some(self, texts: Sequence[str]) -> list[SoftLabels]:
        """Texts with the same number of tokens go through the network together, so that none is padded."""
        read = [self.front_end.read(text) for text in texts]
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, one in enumerate(read):
            by_length[len(one.rows)].append(index)
        said: dict[int, SoftLabels] = {}
        for tokens, indices in by_length.items():
            # A text without tokens is one token of padding.
            rows = np.zeros((len(indices), max(tokens, 1), *self.front_end.row), self.front_end.dtype)
            rows[:, :tokens] = [read[index].rows for index in indices]
            mask = np.full(rows.shape[:2], float(tokens > 0), np.float32)
            outputs = {name: value.numpy() for name, value in self._network((rows, mask)).items()}
            for row, index in enumerate(indices):
                logits = outputs["label_logits"][row] if self.task.has_labels else None
                tag_logits = outputs["tag_logits"][row, :tokens] if self.task.has_slots else None
                said[index] = SoftLabels(logits, read[index].spans, tag_logits)
        return [said[index] for index in range(len(texts))]

    def calibrated(self, calibration: Mapping[str, Any]) -> Student:
        """The same student with its label logits divided by the temperature: in the network, in place."""
        head = self.network.get_layer("label_head")
        head.set_weights([weight / calibration["temperature"] for weight in head.get_weights()])
        return replace(self, calibration=calibration)

    def for_training(self, *, with_states: bool = False) -> keras.Model:
        """A copy of the network, weights included, in the arithmetic that trains fastest on this machine."""
        network = build(self.config, self.labels, products=fastest_products(), with_states=with_states)
        network.set_weights(self.network.get_weights())
        return network

    @functools.cached_property
    def _network(self) -> tf.types.experimental.PolymorphicFunction:
        """The network as one graph for any shape: ten times faster than calling Keras eagerly."""
        rows = tf.TensorSpec((None, None, *self.front_end.row), self.front_end.dtype)
        mask = tf.TensorSpec((None, None), tf.float32)

        def network(inputs: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
            return self.network(inputs, training=False)

        return tf.function(network, input_signature=[(rows, mask)], autograph=False)

    def save(self, folder: Path, name: str = "student") -> None:
        """Write `name.keras` and `name.json` to the folder.

        The description goes first and holds the checksum of the network, so that an interruption between the
        two is seen: what was calibrated is never taken for what was not, nor the other way round.
        """
        with replacing(folder / f"{name}.keras") as path:
            self.network.save(path)
            write_json(folder / f"{name}.json", {**self.description(), "sha256": sha256(path)})

    def description(self) -> dict[str, Any]:
        """Everything but the weights, as JSON values."""
        return {
            "task": self.task.value,
            "labels": list(self.labels.labels),
            "slots": list(self.labels.slots),
            "languages": list(self.languages),
            "config": self.config.model_dump(mode="json"),
            "front_end_version": self.front_end.version,
            **({"vocabulary": asdict(self.vocabulary)} if self.vocabulary else {}),
            "calibration": dict(self.calibration),
            "out_of_scope": dict(self.out_of_scope),
        }

    @classmethod
    def load(cls, folder: str | Path, name: str = "student") -> Student:
        """Read what `save` wrote; raises RunError where it is not there or not whole.

        Calibrated it is only where the description is of this very network.
        """
        folder = Path(folder)
        description = read_json(folder / f"{name}.json", RunError)
        path = folder / f"{name}.keras"
        version, known = description.get("front_end_version", 1), description.get("vocabulary")
        ours = word_pieces.VERSION if known else VERSION
        if version != ours:
            raise RunError(
                f"the student in {folder} was trained for version {version} of the text front end",
                expected=f"version {ours}, which this edgekd has",
                fix="use the edgekd that trained it, or distil again",
            )
        try:
            vocabulary = Vocabulary.of(known)
            labels = LabelSet(tuple(description["labels"]), tuple(description["slots"]))
            config = any_student(description["config"])
            network = keras.saving.load_model(path, compile=False, safe_mode=True)
            task, languages = Task(description["task"]), tuple(description["languages"])
            if description.get("sha256") != sha256(path):
                return cls(task, labels, languages, config, network, vocabulary)
            found = description["calibration"], description["out_of_scope"]
            return cls(task, labels, languages, config, network, vocabulary, *found)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise RunError(
                f"the student in {folder} cannot be read: {error}",
                expected=f"{name}.json and {name}.keras as `edgekd distill` writes them",
                fix="finish the run with `edgekd distill --resume`, or distil again",
            ) from error
