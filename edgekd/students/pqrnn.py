"""The pQRNN student (Kaliamoorthi et al., 2021, "Distilling Large Language Models into Tiny and Effective
Students using pQRNN"), without the faults of the published code.

    features -> dense bottleneck, batch norm, ReLU -> bidirectional QRNNs
"""

from __future__ import annotations

import keras

from edgekd.recipe import PQRNN
from edgekd.students.inside import Inside
from edgekd.students.noise import Dropout
from edgekd.students.qrnn import QRNN


def body(
    config: PQRNN,
    features: keras.KerasTensor,
    mask: keras.KerasTensor,
    on_tokens: keras.KerasTensor,
    products: str,
) -> Inside:
    """See `students.network.Body`."""
    x = keras.layers.Dense(config.bottleneck, use_bias=False, dtype=products, name="bottleneck")(features)
    x = keras.layers.BatchNormalization(momentum=0.95, name="bottleneck_norm")(x, mask=mask)
    x = keras.ops.relu(x) * on_tokens
    states = [x]
    x = Dropout(config.dropout, name="bottleneck_dropout")(x)
    for depth in range(1, config.layers + 1):
        zoneout = config.zoneout * depth / config.layers
        qrnn = QRNN(
            config.units,
            config.kernel,
            zoneout,
            config.dropout,
            products=products,
            name=f"qrnn_{depth}",
        )
        x = qrnn(x, on_tokens)
        states.append(x)
    return Inside(states, [])
