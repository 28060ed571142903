"""The front end as a graph gives the bits of the numpy reference, in TensorFlow, LiteRT and ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekd.export.golden_texts import golden_texts
from edgekd.text.projection import FrontEnd, text_features
from edgekd.text.tokens import code_points

tf = pytest.importorskip("tensorflow")

CHARS, TOKENS = 48, 8
FRONT_ENDS = {
    "both halves": FrontEnd(32, 32, 2, (3,), TOKENS, CHARS),
    "a narrower half": FrontEnd(48, 16, 1, (3,), TOKENS, CHARS),
    "whole tokens": FrontEnd(32, 0, 4, (3,), TOKENS, CHARS),
    "n-grams": FrontEnd(0, 64, 4, (1, 5), TOKENS, CHARS),
    "n-grams in one group": FrontEnd(0, 16, 1, (1, 5), TOKENS, CHARS),
}
Run = Callable[[np.ndarray], dict[str, np.ndarray]]


def in_tensorflow(front_end: FrontEnd) -> Run:
    function = _function(front_end)
    return lambda codepoints: {name: value.numpy() for name, value in function(codepoints).items()}


def in_litert(front_end: FrontEnd) -> Run:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [_function(front_end).get_concrete_function()], tf.Module()
    )
    model = interpreter.Interpreter(model_content=converter.convert(), num_threads=1)
    runner = model.get_signature_runner()
    return lambda codepoints: runner(codepoints=codepoints)


def _function(front_end: FrontEnd) -> tf.types.experimental.PolymorphicFunction:
    from edgekd.text.layers import front_end_graph

    return tf.function(
        lambda codepoints: front_end_graph(codepoints, front_end, TOKENS)._asdict(),
        input_signature=[tf.TensorSpec((1, CHARS), tf.int32, name="codepoints")],
    )


def in_onnxruntime(front_end: FrontEnd) -> Run:
    onnxruntime = pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper

    from edgekd.export.onnx import OPSET
    from edgekd.export.onnx_builder import OnnxBuilder
    from edgekd.export.onnx_front_end import onnx_front_end

    graph = OnnxBuilder()
    outputs = onnx_front_end(graph, "codepoints", front_end)._asdict()
    floats, ranks = ("features", "on_tokens"), {"spans": 3, "count": 1}
    model = graph.model(
        [helper.make_tensor_value_info("codepoints", TensorProto.INT32, [1, "chars"])],
        [
            helper.make_tensor_value_info(
                value, TensorProto.FLOAT if name in floats else TensorProto.INT32, [None] * ranks.get(name, 2)
            )
            for name, value in outputs.items()
        ],
        OPSET,
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def run(codepoints: np.ndarray) -> dict[str, np.ndarray]:
        values = session.run(list(outputs.values()), {"codepoints": codepoints})
        found = dict(zip(outputs, values, strict=True))
        return {**found, "spans": found["spans"][0]}

    return run


@pytest.fixture(
    scope="module",
    params=[
        (in_tensorflow, "both halves"),
        *((run, name) for run in (in_litert, in_onnxruntime) for name in FRONT_ENDS),
    ],
    ids=lambda param: f"{param[0].__name__}, {param[1]}",
)
def graph(request: pytest.FixtureRequest) -> tuple[FrontEnd, bool, Run]:
    """A front end, whether its lengths are fixed, and the graph that runs it."""
    make, name = request.param
    return FRONT_ENDS[name], make is not in_onnxruntime, make(FRONT_ENDS[name])


def check(graph: tuple[FrontEnd, bool, Run], codepoints: np.ndarray) -> None:
    front_end, fixed, run = graph
    codepoints = codepoints[:CHARS]
    padded = np.zeros((1, CHARS if fixed else max(len(codepoints), 1)), np.int32)
    padded[0, : len(codepoints)] = codepoints
    found = run(padded)
    features, spans, count = _reference(codepoints, front_end)
    rows = len(spans)
    assert found["count"].tolist() == [count]
    np.testing.assert_array_equal(found["spans"][:rows], spans)
    np.testing.assert_array_equal(found["features"][:rows], features)
    np.testing.assert_array_equal(found["on_tokens"][:rows], np.ones((rows, 1)))
    for name in ("spans", "features", "on_tokens"):
        assert not found[name][rows:].any()
    assert found["features"].shape == (TOKENS if fixed else max(rows, 1), front_end.features)


def _reference(codepoints: np.ndarray, front_end: FrontEnd) -> tuple[np.ndarray, np.ndarray, int]:
    valid = np.where((codepoints < 0) | (codepoints > 0x10FFFF), 0, codepoints)
    return text_features("".join(map(chr, valid)), front_end)


def test_golden_texts(graph: tuple[FrontEnd, bool, Run]) -> None:
    for text in golden_texts(TOKENS, CHARS):
        check(graph, code_points(text))


# Code points of every plane, with those that split and bind more often than chance would bring them.
CODE_POINTS = (
    st.integers(0, 0x10FFFF)
    | st.integers(0, 0x2FF)
    | st.sampled_from(
        [ord(one) for one in " \0a,é\u0301\u200dกั漢👍🏽\ufe0f\ud800\U000e0067\U0001ffff\U0002000f"]
    )
    | st.integers(-(2**31), 2**31 - 1)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codepoints=st.lists(CODE_POINTS, max_size=60))
def test_any_code_points(graph: tuple[FrontEnd, bool, Run], codepoints: list[int]) -> None:
    check(graph, np.array(codepoints, np.int32))
