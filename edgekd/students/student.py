"""A student: its network, and what its numbers mean."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import RunError
from edgekd.files import read_json, replacing, write_json
from edgekd.recipe import PQRNN
from edgekd.students import pqrnn
from edgekd.teachers.teacher import SoftLabels
from edgekd.text.projection import FrontEnd, text_features

_TEXTS_AT_ONCE = 512


@dataclass(frozen=True)
class Student:
    """A network behind the text front end.

    Attributes:
        task: what it predicts.
        labels: the names of its outputs.
        languages: of the texts that it was trained on.
        config: its shape, with the lengths of the front end filled in.
        network: see `pqrnn.build` for inputs and outputs.
    """

    task: Task
    labels: LabelSet
    languages: tuple[str, ...]
    config: PQRNN
    network: keras.Model

    @classmethod
    def new(
        cls, task: Task, labels: LabelSet, languages: Sequence[str], config: PQRNN, *, seed: int
    ) -> Student:
        """A student with random weights."""
        keras.utils.set_random_seed(seed)
        return cls(task, labels, tuple(languages), config, pqrnn.build(config, labels))

    @property
    def front_end(self) -> FrontEnd:
        return self.config.front_end

    @property
    def parameters(self) -> int:
        """Weights that inference needs."""
        return sum(int(np.prod(weight.shape)) for weight in self.network.weights if weight.dtype != "uint32")

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """Logits of each text, by the numpy front end and Keras: what exports are held against.

        A student's units are its tokens. Together with `labels` and `task` this makes it a Teacher.
        """
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            yield from self._label_some(texts[start : start + _TEXTS_AT_ONCE])

    def _label_some(self, texts: Sequence[str]) -> list[SoftLabels]:
        """Texts with the same number of tokens go through the network together, so that none is padded."""
        read = [text_features(text, self.front_end) for text in texts]
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, (features, _, _) in enumerate(read):
            by_length[len(features)].append(index)
        said: dict[int, SoftLabels] = {}
        for tokens, indices in by_length.items():
            # A text without tokens is one token of padding.
            features = np.zeros((len(indices), max(tokens, 1), self.front_end.features), np.float32)
            features[:, :tokens] = [read[index][0] for index in indices]
            mask = np.full(features.shape[:2], float(tokens > 0), np.float32)
            outputs = {name: value.numpy() for name, value in self._network((features, mask)).items()}
            for row, index in enumerate(indices):
                logits = outputs["label_logits"][row] if self.task.has_labels else None
                tag_logits = outputs["tag_logits"][row, :tokens] if self.task.has_slots else None
                said[index] = SoftLabels(logits, read[index][1], tag_logits)
        return [said[index] for index in range(len(texts))]

    def for_training(self) -> keras.Model:
        """A copy of the network, weights included, in the arithmetic that trains fastest on this machine."""
        network = pqrnn.build(self.config, self.labels, gates_dtype=pqrnn.fastest_gates_dtype())
        network.set_weights(self.network.get_weights())
        return network

    @functools.cached_property
    def _network(self) -> tf.types.experimental.PolymorphicFunction:
        """The network as one graph for any shape: ten times faster than calling Keras eagerly."""
        features = tf.TensorSpec((None, None, self.front_end.features), tf.float32)
        mask = tf.TensorSpec((None, None), tf.float32)

        def network(inputs: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
            return self.network(inputs, training=False)

        return tf.function(network, input_signature=[(features, mask)], autograph=False)

    def save(self, folder: Path, name: str = "student") -> None:
        """Write `name.keras` and `name.json` to the folder."""
        with replacing(folder / f"{name}.keras") as path:
            self.network.save(path)
        write_json(folder / f"{name}.json", self.description())

    def description(self) -> dict[str, Any]:
        """Everything but the weights, as JSON values."""
        return {
            "task": self.task.value,
            "labels": list(self.labels.labels),
            "slots": list(self.labels.slots),
            "languages": list(self.languages),
            "config": self.config.model_dump(mode="json"),
        }

    @classmethod
    def load(cls, folder: str | Path, name: str = "student") -> Student:
        """Read what `save` wrote; raises RunError where it is not there or not whole."""
        folder = Path(folder)
        description = read_json(folder / f"{name}.json", RunError)
        try:
            labels = LabelSet(tuple(description["labels"]), tuple(description["slots"]))
            config = PQRNN.model_validate(description["config"])
            network = keras.saving.load_model(folder / f"{name}.keras", compile=False, safe_mode=True)
            return cls(Task(description["task"]), labels, tuple(description["languages"]), config, network)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise RunError(
                f"the student in {folder} cannot be read: {error}",
                expected=f"{name}.json and {name}.keras as `edgekd distill` writes them",
                fix="finish the run with `edgekd distill --resume`, or distil again",
            ) from error
