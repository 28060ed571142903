"""The network of a student: a body of its kind behind the text front end, and the heads of the task.

features -> body -> a state for each token -> attention pooling -> labels
                                           -> tag head          -> tags
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from edgekd.data.examples import LabelSet
from edgekd.recipe import Shape
from edgekd.students import pqrnn, transformer
from edgekd.students.heads import AttentionPooling, TagHead
from edgekd.students.inside import Inside

STATE_HEAD = "state_head"
TOLD = "states_{}"
"""The output that tells a teacher's states, by its number, of a network that was built for states."""

STATES = "layer_{}"
"""The output with the token states of a layer, of a network that was built with its states: from 1; 0 is what
goes into the first."""

ATTENTION = "attention_{}"
"""Likewise the output with the attention scores of a layer that has them, from 1."""

_HEADS = ("pooling", "label_head", "tag_head", STATE_HEAD)

Body = Callable[..., Inside]
"""From the shape, the features (batch, tokens, features) or pieces (batch, tokens), the mask as (batch,
tokens) and as (batch, tokens, 1), and the type of the products."""

_BODIES: Mapping[str, Body] = {"pqrnn": pqrnn.body, "transformer": transformer.body}


def build(
    config: Shape, labels: LabelSet, *, products: str = "float32", with_states: bool = False
) -> keras.Model:
    """The student behind the text front end.

    Args:
        config: the shape.
        labels: the outputs.
        products: the policy of the large products; "mixed_bfloat16" trains faster where the processor has it.
            The weights are the same whatever it is.
        with_states: also put out what is inside, for losses on it.

    Inputs:
        features: float32 (batch, tokens, features); or pieces: int32 (batch, tokens), their numbers.
        mask: float32 (batch, tokens), 1 for a token, 0 for padding.

    Outputs, those that the label set asks for:
        label_logits: float32 (batch, labels).
        tag_logits: float32 (batch, tokens, tags).
        layer_0, layer_1, ...: float32 (batch, tokens, width of the layer), with states.
        attention_1, ...: float32 (batch, heads, tokens, tokens) of a transformer, with states.
    """
    inputs, inside, on_tokens = _body(config, products)
    states = inside.states[-1]
    pooled = AttentionPooling(name="pooling")(states, on_tokens)
    outputs = {}
    if labels.labels:
        outputs["label_logits"] = keras.layers.Dense(len(labels.labels), name="label_head")(pooled)
    if labels.slots:
        outputs["tag_logits"] = TagHead(len(labels.tags), name="tag_head")(states, pooled)
    if with_states:
        outputs.update(_outputs(inside))
    return keras.Model(inputs, outputs, name=config.kind)


def build_for_states(
    config: Shape, widths: Sequence[int], *, products: str = "float32", with_states: bool = False
) -> keras.Model:
    """The same body, with a linear head for each teacher whose states it is to predict.

    It has no dropout of any kind: with millions of states to tell there is nothing to guard against, and
    it costs a fifth of what the student tells (docs/laboratory.md).

    Inputs as of `build`. Outputs: states_0, states_1, ...: float32 (batch, tokens, width), as `widths` says;
    and with its own states those that `build` gives.
    """
    inputs, inside, _ = _body(config.without_noise(), products)
    outputs = {
        TOLD.format(number): keras.layers.Dense(width, name=f"{STATE_HEAD}_{number}")(inside.states[-1])
        for number, width in enumerate(widths)
    }
    if with_states:
        outputs.update(_outputs(inside))
    return keras.Model(inputs, outputs, name=f"{config.kind}_for_states")


def _outputs(inside: Inside) -> dict[str, keras.KerasTensor]:
    return {
        **{STATES.format(depth): one for depth, one in enumerate(inside.states)},
        **{ATTENTION.format(depth): one for depth, one in enumerate(inside.attention, start=1)},
    }


def body_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers with weights that come before all heads."""
    return [layer for layer in network.layers if layer.weights and not layer.name.startswith(_HEADS)]


def fastest_products() -> str:
    """bfloat16 where the processor multiplies matrices of it in hardware: there it is twice as fast."""
    if tf.config.list_physical_devices("GPU"):
        return "mixed_bfloat16"
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "amx_bf16" in flags or "avx512_bf16" in flags else "float32"


def _body(config: Shape, products: str) -> tuple[list[keras.KerasTensor], Inside, keras.KerasTensor]:
    """Inputs; what a body gives; and the mask as (batch, tokens, 1)."""
    if config.reads_pieces:
        features = keras.Input((None,), dtype="int32", name="pieces")
    else:
        features = keras.Input((None, config.token_features + config.ngram_features), name="features")
    mask = keras.Input((None,), name="mask")
    on_tokens = keras.layers.Reshape((-1, 1), name="on_tokens")(mask)
    return [features, mask], _BODIES[config.kind](config, features, mask, on_tokens, products), on_tokens
