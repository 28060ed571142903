"""What a transformer student can start from of its teacher: embeddings of pieces, and whole layers.

Copied layers matter more than any loss on them (Soltan et al., 2021, "Limitations of Knowledge Distillation
for Zero-shot Transfer Learning"), but need a student of the teacher's width. Embeddings do not: a narrower
table is the nearest of its rank, by singular values.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from edgekd.distill.objectives.layer_maps import LayerMap
from edgekd.errors import TeacherError, UsageError
from edgekd.recipe import Transformer
from edgekd.recipe.student import MOST_POSITIONS
from edgekd.text.word_pieces import Vocabulary

Weights = Mapping[str, list[NDArray[np.float32]]]
"""By layer of the student's network: "embedding", or "encoder_1/qkv" for what is in a layer."""


def inherited(
    encoder: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    config: Transformer,
    vocabulary: Vocabulary | None,
) -> Weights:
    """What `config.inherit` asks for.

    Args:
        encoder, tokenizer: of the teacher.
        config: of the student.
        vocabulary: of the student, if it reads word pieces.

    Raises:
        UsageError: the teacher has no such layers, or they do not fit the student.
        TeacherError: the encoder is built otherwise than BERT's.
    """
    if config.inherit == "nothing":
        return {}
    weights = dict(_embeddings(encoder, tokenizer, config, vocabulary)) if vocabulary else {}
    for depth, number in enumerate(chosen_layers(config, encoder.config.num_hidden_layers), start=1):
        weights.update(_layer(encoder, config, number, f"encoder_{depth}"))
    return weights


def start(network: keras.Model, weights: Weights) -> None:
    """Give a student's network what it inherits."""
    for name, values in weights.items():
        layer, _, part = name.partition("/")
        found = network.get_layer(layer)
        (getattr(found, part) if part else found).set_weights(values)


def chosen_layers(config: Transformer, depth: int) -> list[int]:
    """The teacher's layers that the student's begin as, from 1; none where it inherits embeddings alone.

    Args:
        config: of the student.
        depth: layers of the teacher.

    Raises:
        UsageError: there are not as many.
    """
    count, inherit = config.layers, config.inherit
    if inherit in ("nothing", "embeddings"):
        return []
    if isinstance(inherit, tuple):
        wrong = [number for number in inherit if not 1 <= number <= depth]
        if wrong or len(inherit) != count:
            raise UsageError(
                f"student.inherit is {list(inherit)} for {count} layers, of a teacher with {depth}",
                expected=f"{count} numbers from 1 to {depth}",
            )
        return list(inherit)
    if count > depth:
        raise UsageError(
            f"a student of {count} layers is to inherit them from a teacher with {depth}",
            expected=f"student.layers of {depth} at most",
        )
    if inherit == "first":
        return list(range(1, count + 1))
    layer_map = LayerMap("last" if inherit == "last" else "skip", count, depth)
    return [theirs for _, theirs in layer_map.pairs]


def _layer(
    encoder: PreTrainedModel, config: Transformer, number: int, name: str
) -> dict[str, list[NDArray[np.float32]]]:
    theirs = encoder.config
    wanted = (theirs.hidden_size, theirs.num_attention_heads, theirs.intermediate_size)
    if (config.width, config.heads, config.feed_forward) != wanted:
        raise UsageError(
            f"a student with width {config.width}, {config.heads} heads and feed_forward "
            f"{config.feed_forward} is to inherit layers of {wanted[0]}, {wanted[1]} and {wanted[2]}",
            expected="the same; of another width it can inherit embeddings",
            fix=f"set student.width={wanted[0]}, student.heads={wanted[1]} and "
            f"student.feed_forward={wanted[2]}, or student.inherit=embeddings",
        )
    try:
        layer = encoder.encoder.layer[number - 1]
        attention, output = layer.attention.self, layer.attention.output
        heads = [_dense(getattr(attention, part)) for part in ("query", "key", "value")]
        return {
            f"{name}/qkv": [np.concatenate(parts, axis=-1) for parts in zip(*heads, strict=True)],
            f"{name}/attended": _dense(output.dense),
            f"{name}/attended_norm": _norm(output.LayerNorm),
            f"{name}/wide": _dense(layer.intermediate.dense),
            f"{name}/narrow": _dense(layer.output.dense),
            f"{name}/fed_norm": _norm(layer.output.LayerNorm),
        }
    except AttributeError as error:
        raise TeacherError(
            f"the layers of a {theirs.model_type} are not built as BERT's: {error}",
            expected="BERT, RoBERTa, XLM-R, MiniLM or their kin, for student.inherit",
        ) from error


def _embeddings(
    encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, config: Transformer, vocabulary: Vocabulary
) -> dict[str, list[NDArray[np.float32]]]:
    """The table, and the matrix behind it that leads as near as it can to the teacher's own vectors.

    A student of the teacher's width has the teacher's positions, too, where they are learned, and its norm.
    """
    special = [tokenizer.mask_token, tokenizer.unk_token]
    ids = tokenizer.convert_tokens_to_ids([*special, *vocabulary.pieces])
    table = _array(encoder.get_input_embeddings().weight)[ids]
    parts = getattr(encoder, "embeddings", None)
    types = getattr(parts, "token_type_embeddings", None)
    if types is not None:
        table = table + _array(types.weight)[0]
    left, sizes, right = np.linalg.svd(table, full_matrices=False)
    rank = min(config.embedding, len(sizes))
    vectors = np.zeros((len(table), config.embedding), np.float32)
    vectors[:, :rank] = left[:, :rank] * sizes[:rank]
    back = np.zeros((config.embedding, config.width), np.float32)
    if config.width != table.shape[1]:
        np.fill_diagonal(back, 1)
        return {"embedding": [vectors], "bottleneck": [back]}
    back[:rank] = right[:rank]
    weights = {"embedding": [vectors], "bottleneck": [back]}
    norm = getattr(parts, "LayerNorm", None)
    if norm is not None:
        weights["input_norm"] = _norm(norm)
    places = getattr(parts, "position_embeddings", None)
    if config.positions == "learned" and isinstance(places, nn.Embedding):
        # The teacher's first place is that of its own mark for the beginning.
        first = 1 + (places.padding_idx + 1 if places.padding_idx is not None else 0)
        rows = _array(places.weight)[first : first + MOST_POSITIONS]
        weights["positions"] = [np.pad(rows, [(0, MOST_POSITIONS - len(rows)), (0, 0)], mode="edge")]
    return weights


def _dense(layer: nn.Linear) -> list[NDArray[np.float32]]:
    return [_array(layer.weight).T, _array(layer.bias)]


def _norm(layer: nn.LayerNorm) -> list[NDArray[np.float32]]:
    return [_array(layer.weight), _array(layer.bias)]


def _array(values: nn.Parameter) -> NDArray[np.float32]:
    return values.detach().float().cpu().numpy()
