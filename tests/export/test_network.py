"""The network that is exported is the network that was trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgekd.data.examples import LabelSet
from tests.export.conftest import TINY_TRANSFORMER

tf = pytest.importorskip("tensorflow")

TOKENS, FEATURES = 12, 64
Run = Callable[[np.ndarray, int], dict[str, np.ndarray]]
"""From features (TOKENS, FEATURES), of which so many rows are tokens, to logits."""


def in_tensorflow(student) -> Run:
    from edgekd.export.network import network_of
    from edgekd.export.weights import weights_of

    function = tf.function(
        network_of(weights_of(student)),
        input_signature=[tf.TensorSpec((TOKENS, FEATURES)), tf.TensorSpec((TOKENS, 1))],
        autograph=False,
    )

    def run(features: np.ndarray, tokens: int) -> dict[str, np.ndarray]:
        on_tokens = (np.arange(TOKENS) < tokens).astype(np.float32)[:, None]
        return {name: value.numpy() for name, value in function(features, on_tokens).items()}

    return run


def in_onnxruntime(student) -> Run:
    onnxruntime = pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper

    from edgekd.export.onnx import OPSET
    from edgekd.export.onnx_builder import OnnxBuilder
    from edgekd.export.onnx_network import onnx_network
    from edgekd.export.weights import weights_of

    graph = OnnxBuilder()
    logits = onnx_network(graph, weights_of(student), "features", "on_tokens", TOKENS)
    floats = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (
            ("features", ["tokens", FEATURES]),
            ("on_tokens", ["tokens", 1]),
            *((value, [None, None]) for value in logits.values()),
        )
    ]
    model = graph.model(floats[:2], floats[2:], OPSET)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def run(features: np.ndarray, tokens: int) -> dict[str, np.ndarray]:
        rows = max(tokens, 1)
        on_tokens = np.full((rows, 1), float(tokens > 0), np.float32)
        values = session.run(list(logits.values()), {"features": features[:rows], "on_tokens": on_tokens})
        return dict(zip(logits, values, strict=True))

    return run


@pytest.mark.parametrize("make", [in_tensorflow, in_onnxruntime])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"kernel": 1, "zoneout": 0.0},
        {"kernel": 3, "zoneout": 0.4, "layers": 1},
        {"labels": LabelSet(("yes", "no"))},
        {"labels": LabelSet((), ("place",))},
        {"config": TINY_TRANSFORMER},
        {"config": TINY_TRANSFORMER, "positions": "learned", "layers": 1, "heads": 1},
        {"config": TINY_TRANSFORMER, "labels": LabelSet((), ("place",))},
    ],
    ids=[
        "joint",
        "kernel 1",
        "kernel 3",
        "classification",
        "tagging",
        "transformer",
        "transformer, learned positions",
        "transformer, tagging",
    ],
)
def test_it_gives_the_logits_of_keras(change: dict, make: Callable, make_student: Callable) -> None:
    student = make_student(**change)
    run = make(student)
    rng = np.random.default_rng(11)
    for tokens in (0, 1, 5, TOKENS):
        features = rng.normal(size=(TOKENS, FEATURES)).astype(np.float32)
        features[tokens:] = 0
        mask = (np.arange(TOKENS) < tokens).astype(np.float32)
        expected = student.network([features[None], mask[None]], training=False)
        found = run(features, tokens)
        assert set(found) == set(expected)
        for name, logits in found.items():
            seen = slice(tokens) if name == "tag_logits" else slice(None)
            np.testing.assert_allclose(
                logits[seen], expected[name][0].numpy()[seen].reshape(logits[seen].shape), atol=2e-6
            )
