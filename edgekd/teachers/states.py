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
from edgekd.teachers.state_store import SCORES, in_bytes
from edgekd.teachers.subwords import Encoded, load_tokenizer
from edgekd.teachers.teacher import Teacher

_MAX_LENGTH = 128
_LEAST_SHARE = 1e-9  # of attention, which has a logarithm


@dataclass(frozen=True, slots=True)
class WordStates:
    """What a teacher makes of the words of one text.

    Attributes:
        units: int32 (units, 2), start and end in code points, sorted (`edgekd.teachers.units`). Text past the
            teacher's length has none.
        states: float32 (units, width), the state at the first sub-word of each unit.
        scores: int8 (units, units, heads), with which each unit looks at each, before the softmax, but for a
            constant in each row; of every head of the layers that are asked for, as `state_store` keeps them.
    """

    units: NDArray[np.int32]
    states: NDArray[np.float32]
    scores: NDArray[np.int8]


class StateTeacher:
    """An encoder, whatever is on top of it.

    Args:
        layers: whose states are taken, side by side: 0 is the embeddings, -1 the last layer.
        attention: layers whose attention is taken, from 1.
        whole_words: make a unit of all sub-words of a word; else each is one of its own.

    Raises:
        UsageError: the encoder has no such layer.
    """

    def __init__(
        self,
        encoder: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        layers: Sequence[int],
        *,
        attention: Sequence[int] = (),
        whole_words: bool = True,
    ) -> None:
        depth = encoder.config.num_hidden_layers
        wrong = [layer for layer in layers if not -depth - 1 <= layer <= depth]
        wrong += [layer for layer in attention if not 1 <= layer <= depth]
        if wrong or not (layers or attention):
            raise UsageError(
                f"layer {wrong[0]} of a teacher with {depth}" if wrong else "no layer of the teacher",
                expected=f"0 (the embeddings) to {depth}, or -1 (the last) and below",
            )
        self.encoder, self.tokenizer = encoder.eval().to(best_device()), tokenizer
        self.attention, self._whole_words = tuple(attention), whole_words
        if attention:
            # The faster ways to compute attention do not tell it.
            self.encoder.set_attn_implementation("eager")
        # Where that is fast, since the states are kept in eight bits.
        self._in_bfloat16 = weights_for("auto", self.encoder.device) is torch.bfloat16
        self.layers = tuple(layer % (depth + 1) for layer in layers)
        self.width = len(layers) * encoder.config.hidden_size
        self.max_length = min(most_subwords(encoder.config), _MAX_LENGTH)
        facts = ["states", self.layers, self.max_length]
        if attention or not whole_words:
            facts += [self.attention, whole_words]
        self.fingerprint = fingerprint(encoder, tokenizer, facts)

    def states(self, texts: Sequence[str]) -> Iterator[WordStates]:
        """The states of each text, in order."""
        return over_texts(self._run, self.tokenizer, texts, self.max_length, whole_words=self._whole_words)

    def _run(self, ids: torch.Tensor, mask: torch.Tensor, encoded: Sequence[Encoded]) -> Iterator[WordStates]:
        device = self.encoder.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._in_bfloat16):
            said = self.encoder(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                output_hidden_states=bool(self.layers),
                output_attentions=bool(self.attention),
            )
        states = _side_by_side([said.hidden_states[layer] for layer in self.layers], ids.shape)
        # From (texts, heads, sub-words, sub-words), the last of what is looked at.
        shares = _side_by_side(
            [said.attentions[layer - 1].permute(0, 2, 3, 1) for layer in self.attention],
            (*ids.shape, ids.shape[1]),
        )
        for row, one in enumerate(encoded):
            met = shares[row][np.ix_(one.subwords, one.subwords)]
            yield WordStates(one.units, states[row, one.subwords], _scores(met))


def _side_by_side(parts: Sequence[torch.Tensor], shape: Sequence[int]) -> NDArray[np.float32]:
    """Parts of shape (*shape, width), joined by their widths; of no part, nothing of that shape."""
    return torch.cat([torch.zeros((*shape, 0)), *(part.float().cpu() for part in parts)], dim=-1).numpy()


def _scores(shares: NDArray[np.float32]) -> NDArray[np.int8]:
    """The scores that a softmax made these shares of, (units, units, heads), the mean of each row zero."""
    scores = np.log(np.maximum(shares, _LEAST_SHARE))
    return in_bytes(scores - scores.sum(axis=1, keepdims=True) / max(len(scores), 1), SCORES)


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


def load_parts(source: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Encoder and tokenizer of a folder that `edgekd teach` wrote, or of a transformers folder or hub name.

    Raises:
        TeacherError: there is none, or it cannot be loaded safely.
    """
    folder = Path(source)
    if (folder / CARD).exists():
        teacher = load_encoder_teacher(folder)
        return teacher.network.encoder, teacher.tokenizer
    if folder.suffix == ".parquet":
        raise TeacherError(
            f"{source} holds logits, and a student is pre-trained from hidden states",
            expected="a folder that `edgekd teach` wrote, or an encoder (folder or hub name)",
        )
    return load_encoder(source), load_tokenizer(source)


def load_state_teacher(source: str, layers: Sequence[int]) -> StateTeacher:
    """The encoder in `source`, for the states of these layers; raises as `load_parts` and StateTeacher."""
    return StateTeacher(*load_parts(source), layers)
