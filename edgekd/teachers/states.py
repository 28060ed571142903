"""The hidden states of a teacher, word by word: what a student can learn before it sees a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from edgekd.errors import TeacherError, UsageError
from edgekd.teachers.encoder import (
    CARD,
    NetworkTeacher,
    best_device,
    fingerprint,
    load_encoder,
    load_encoder_teacher,
    most_subwords,
)
from edgekd.teachers.labelling import over_texts
from edgekd.teachers.precision import weights_for
from edgekd.teachers.subwords import Encoded, load_tokenizer
from edgekd.teachers.teacher import Teacher

_MAX_LENGTH = 128


@dataclass(frozen=True, slots=True)
class WordStates:
    """What a teacher makes of the words of one text.

    Attributes:
        units: int32 (units, 2), start and end in code points, sorted (`edgekd.teachers.units`). Text past the
            teacher's length has none.
        states: float32 (units, width), the state at the first sub-word of each unit.
    """

    units: NDArray[np.int32]
    states: NDArray[np.float32]


class StateTeacher:
    """An encoder, whatever is on top of it.

    Args:
        layers: whose states are taken, side by side: 0 is the embeddings, -1 the last layer.

    Raises:
        UsageError: the encoder has no such layer.
    """

    def __init__(
        self, encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, layers: Sequence[int]
    ) -> None:
        depth = encoder.config.num_hidden_layers
        wrong = [layer for layer in layers if not -depth - 1 <= layer <= depth]
        if wrong or not layers:
            raise UsageError(
                f"layer {wrong[0]} of a teacher with {depth}" if wrong else "no layer of the teacher",
                expected=f"0 (the embeddings) to {depth}, or -1 (the last) and below",
            )
        self.encoder, self.tokenizer = encoder.eval().to(best_device()), tokenizer
        # Where that is fast, since the states are kept in eight bits.
        self._in_bfloat16 = weights_for("auto", self.encoder.device) is torch.bfloat16
        self.layers = tuple(layer % (depth + 1) for layer in layers)
        self.width = len(layers) * encoder.config.hidden_size
        self.max_length = min(most_subwords(encoder.config), _MAX_LENGTH)
        self.fingerprint = fingerprint(encoder, tokenizer, ["states", self.layers, self.max_length])

    def states(self, texts: Sequence[str]) -> Iterator[WordStates]:
        """The states of each text, in order."""
        return over_texts(self._run, self.tokenizer, texts, self.max_length)

    def _run(self, ids: torch.Tensor, mask: torch.Tensor, encoded: Sequence[Encoded]) -> Iterator[WordStates]:
        device = self.encoder.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._in_bfloat16):
            every = self.encoder(
                input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True
            ).hidden_states
        taken = torch.cat([every[layer].float() for layer in self.layers], dim=-1).cpu().numpy()
        for row, one in enumerate(encoded):
            yield WordStates(one.units, taken[row, one.subwords])


def encoder_of(teacher: Teacher) -> PreTrainedModel:
    """The encoder inside a teacher.

    Raises:
        TeacherError: there is not just one: stored logits, several teachers, a student.
    """
    if isinstance(teacher, NetworkTeacher):
        return teacher.network.encoder
    raise TeacherError(
        "the teacher is no single encoder, and its states are wanted",
        expected="a folder that `edgekd teach` wrote, or a transformers model, for distillation.intermediate",
    )


def load_state_teacher(source: str, layers: Sequence[int]) -> StateTeacher:
    """The encoder of a folder that `edgekd teach` wrote, or of a transformers folder or hub name.

    Raises:
        TeacherError: there is none, or it cannot be loaded safely.
    """
    folder = Path(source)
    if (folder / CARD).exists():
        teacher = load_encoder_teacher(folder)
        return StateTeacher(teacher.network.encoder, teacher.tokenizer, layers)
    if folder.suffix == ".parquet":
        raise TeacherError(
            f"{source} holds logits, and a student is pre-trained from hidden states",
            expected="a folder that `edgekd teach` wrote, or an encoder (folder or hub name)",
        )
    return StateTeacher(load_encoder(source), load_tokenizer(source), layers)
