"""The body of a student that has read plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from edgekd.errors import RunError, UsageError
from edgekd.files import read_json, sha256, write_bytes, write_json
from edgekd.recipe import Shape
from edgekd.recipe.student import IN_TRAINING, any_student
from edgekd.students.network import body_layers
from edgekd.students.store import CARD, names, store
from edgekd.text import word_pieces
from edgekd.text.projection import VERSION
from edgekd.text.word_pieces import Vocabulary

WEIGHTS = "pretrained.safetensors"

_FREE = {"max_tokens", "max_chars", "pieces", *IN_TRAINING}
"""The settings that may be others; on the rest weights depend. A vocabulary comes with the weights."""


@dataclass(frozen=True)
class Pretrained:
    """The weights of a body.

    Attributes:
        config: of the student that read.
        weights: by layer and number: "qrnn_1/0".
        card: what it read, from which teachers, and how well it tells their states.
        fingerprint: of the weights.
        vocabulary: of a student that reads word pieces.
    """

    config: Shape
    weights: Mapping[str, np.ndarray]
    card: Mapping[str, Any]
    fingerprint: str
    vocabulary: Vocabulary | None = None

    def start(self, network: keras.Model, config: Shape) -> None:
        """Give the body of a student these weights; its heads stay as they are.

        Raises:
            UsageError: it has another shape.
        """
        self.require_shape(config)
        for name in {key.rpartition("/")[0] for key in self.weights}:
            layer = network.get_layer(name)
            layer.set_weights([self.weights[f"{name}/{number}"] for number in range(len(layer.weights))])

    def require_shape(self, config: Shape) -> None:
        """Raise UsageError unless students of this shape can start from these weights."""
        own, other = (one.model_dump(exclude=_FREE) for one in (self.config, config))
        if own != other:
            had, wanted = (
                ", ".join(f"{name} {value}" for name, value in one.items() if theirs.get(name) != value)
                for one, theirs in ((own, other), (other, own))
            )
            raise UsageError(
                f"the pre-trained student has {had}, and the recipe's has {wanted}",
                expected="the same shape",
                fix="choose the student that was pre-trained, or pre-train this one",
            )


def save_body(
    folder: Path,
    network: keras.Model,
    config: Shape,
    card: Mapping[str, Any],
    vocabulary: Vocabulary | None = None,
) -> None:
    """Write the body of a network of `build_for_states`; the card comes last."""
    weights = {
        f"{layer.name}/{number}": np.array(weight)
        for layer in body_layers(network)
        for number, weight in enumerate(layer.get_weights())
    }
    write_bytes(folder / WEIGHTS, save(weights))
    write_json(
        folder / CARD,
        {
            "format": "edgekd-pretrained",
            "format_version": 1,
            "front_end_version": word_pieces.VERSION if vocabulary else VERSION,
            "vocabulary": asdict(vocabulary) if vocabulary else None,
            "config": config.model_dump(mode="json"),
            "sha256": sha256(folder / WEIGHTS),
            **card,
        },
    )


def load_pretrained(source: str) -> Pretrained:
    """A folder that `edgekd pretrain` wrote, or a name in the store.

    Raises:
        RunError: there is none, it is damaged, or of another version of the text front end.
    """
    folder = Path(source) if Path(source).exists() else store() / source
    if not (folder / CARD).exists():
        known = ", ".join(sorted(names())) or "none yet"
        raise RunError(
            f"there is no pre-trained student {source!r}",
            expected=f"a folder that `edgekd pretrain` has finished, or a name in {store()} ({known})",
        )
    card = read_json(folder / CARD, RunError)
    try:
        version, vocabulary = card["front_end_version"], Vocabulary.of(card.get("vocabulary"))
        config = any_student(card["config"])
        fingerprint = sha256(folder / WEIGHTS)
        if fingerprint != card["sha256"]:
            raise ValueError(f"{WEIGHTS} is not the file that the card describes")
        weights = load_file(folder / WEIGHTS)
    except (KeyError, TypeError, ValueError, OSError, SafetensorError) as error:
        raise RunError(
            f"the pre-trained student in {folder} cannot be read: {error}",
            expected=f"{CARD} and {WEIGHTS} as `edgekd pretrain` writes them",
        ) from error
    ours = word_pieces.VERSION if vocabulary else VERSION
    if version != ours:
        raise RunError(
            f"the student in {folder} was pre-trained for version {version} of the text front end",
            expected=f"version {ours}, which this edgekd has",
            fix="pre-train again",
        )
    return Pretrained(config, weights, card, fingerprint[:16], vocabulary)
