"""The pQRNN student (Kaliamoorthi et al., 2021, "Distilling Large Language Models into Tiny and Effective
Students using pQRNN"), without the faults of the published code.

    features -> dense bottleneck, batch norm, ReLU -> bidirectional QRNNs -> attention pooling -> labels
                                                                          -> tag head         -> tags
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from edgekd.data.examples import LabelSet
from edgekd.recipe import PQRNN
from edgekd.students.heads import AttentionPooling, TagHead
from edgekd.students.noise import Dropout
from edgekd.students.qrnn import QRNN

STATE_HEAD = "state_head"
STATES = "layer_{}"
"""The output with the token states of a layer, from 1, of a network that was built with its states."""


def build(
    config: PQRNN, labels: LabelSet, *, gates_dtype: str = "float32", with_states: bool = False
) -> keras.Model:
    """The student behind the text front end.

    Args:
        config: the shape.
        labels: the outputs.
        gates_dtype: see `QRNN`; the weights are the same whatever it is.
        with_states: also put out what is inside, for losses on it.

    Inputs:
        features: float32 (batch, tokens, features).
        mask: float32 (batch, tokens), 1 for a token, 0 for padding.

    Outputs, those that the label set asks for:
        label_logits: float32 (batch, labels).
        tag_logits: float32 (batch, tokens, tags).
        layer_1, layer_2, ...: float32 (batch, tokens, state_width), with states.
    """
    inputs, every, on_tokens = _body(config, gates_dtype)
    states = every[-1]
    pooled = AttentionPooling(name="pooling")(states, on_tokens)
    outputs = {}
    if labels.labels:
        outputs["label_logits"] = keras.layers.Dense(len(labels.labels), name="label_head")(pooled)
    if labels.slots:
        outputs["tag_logits"] = TagHead(len(labels.tags), name="tag_head")(states, pooled)
    if with_states:
        outputs.update({STATES.format(depth): one for depth, one in enumerate(every, start=1)})
    return keras.Model(inputs, outputs, name="pqrnn")


def state_width(config: PQRNN) -> int:
    """Of each layer: both directions side by side."""
    return 2 * config.units


def body_weights(network: keras.Model) -> list[keras.Variable]:
    """The trained weights that come before all heads."""
    return [
        weight
        for layer in network.layers
        if layer.name.startswith(("bottleneck", "qrnn"))
        for weight in layer.trainable_variables
    ]


def build_for_states(config: PQRNN, widths: Sequence[int], *, gates_dtype: str = "float32") -> keras.Model:
    """The same body, with a linear head for each teacher whose states it is to predict.

    It has neither dropout nor zoneout: with millions of states to tell there is nothing to guard against, and
    they cost a fifth of what the student tells (docs/laboratory.md).

    Inputs as of `build`. Outputs: states_0, states_1, ...: float32 (batch, tokens, width), as `widths` says.
    """
    quiet = config.model_copy(update={"dropout": 0.0, "zoneout": 0.0})
    inputs, every, _ = _body(quiet, gates_dtype)
    heads = {
        f"states_{number}": keras.layers.Dense(width, name=f"{STATE_HEAD}_{number}")(every[-1])
        for number, width in enumerate(widths)
    }
    return keras.Model(inputs, heads, name="pqrnn_for_states")


def _body(config: PQRNN, gates_dtype: str) -> tuple[list, list[keras.KerasTensor], keras.KerasTensor]:
    """Inputs, token states of each layer (batch, tokens, 2 * units), and the mask as (batch, tokens, 1)."""
    features = keras.Input((None, config.token_features + config.ngram_features), name="features")
    mask = keras.Input((None,), name="mask")
    on_tokens = keras.layers.Reshape((-1, 1), name="on_tokens")(mask)

    x = keras.layers.Dense(config.bottleneck, use_bias=False, dtype=gates_dtype, name="bottleneck")(features)
    x = keras.layers.BatchNormalization(momentum=0.95, name="bottleneck_norm")(x, mask=mask)
    x = keras.ops.relu(x) * on_tokens
    x = Dropout(config.dropout, name="bottleneck_dropout")(x)
    states = []
    for depth in range(1, config.layers + 1):
        zoneout = config.zoneout * depth / config.layers
        qrnn = QRNN(
            config.units,
            config.kernel,
            zoneout,
            config.dropout,
            gates_dtype=gates_dtype,
            name=f"qrnn_{depth}",
        )
        x = qrnn(x, on_tokens)
        states.append(x)
    return [features, mask], states, on_tokens


def fastest_gates_dtype() -> str:
    """bfloat16 where the processor multiplies matrices of it in hardware: there it is twice as fast."""
    if tf.config.list_physical_devices("GPU"):
        return "mixed_bfloat16"
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "amx_bf16" in flags or "avx512_bf16" in flags else "float32"
