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
    "both halves": FrontEnd(32, 32, (3,), TOKENS, CHARS),
    "whole tokens": FrontEnd(32, 0, (3,), TOKENS, CHARS),
    "n-grams": FrontEnd(0, 16, (1, 5), TOKENS, CHARS),
}
Run = Callable[[np.ndarray], dict[str, np.ndarray]]


def in_tensorflow(front_end: FrontEnd, chars: int | None, tokens: int | None) -> Run:
    function = _function(front_end, chars, tokens)
    return lambda codepoints: {name: value.numpy() for name, value in function(codepoints).items()}


def in_litert(front_end: FrontEnd, chars: int | None, tokens: int | None) -> Run:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    function = _function(front_end, chars, tokens)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], tf.Module()
    )
    model = interpreter.Interpreter(model_content=converter.convert(), num_threads=1)
    runner = model.get_signature_runner()
    return lambda codepoints: runner(codepoints=codepoints)


def in_onnxruntime(front_end: FrontEnd, chars: int | None, tokens: int | None) -> Run:
    onnxruntime = pytest.importorskip("onnxruntime")
    from edgekd.export.onnx import convert

    function = _function(front_end, chars, tokens)
    session = onnxruntime.InferenceSession(
        convert(function).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return lambda codepoints: dict(
        zip(names, session.run(names, {session.get_inputs()[0].name: codepoints}), strict=True)
    )


def _function(
    front_end: FrontEnd, chars: int | None, tokens: int | None
) -> tf.types.experimental.PolymorphicFunction:
    from edgekd.text.layers import front_end_graph

    return tf.function(
        lambda codepoints: front_end_graph(codepoints, front_end, tokens)._asdict(),
        input_signature=[tf.TensorSpec((1, chars), tf.int32, name="codepoints")],
    )


@pytest.fixture(
    scope="module",
    params=[
        (in_tensorflow, "both halves", True),
        (in_tensorflow, "both halves", False),
        (in_tensorflow, "n-grams", False),
        (in_litert, "both halves", True),
        (in_litert, "whole tokens", True),
        (in_litert, "n-grams", True),
        (in_onnxruntime, "both halves", False),
        (in_onnxruntime, "whole tokens", False),
        (in_onnxruntime, "n-grams", False),
    ],
    ids=lambda param: f"{param[0].__name__}, {param[1]}, {'fixed' if param[2] else 'any'} length",
)
def graph(request: pytest.FixtureRequest) -> tuple[FrontEnd, bool, Run]:
    make, name, fixed = request.param
    lengths = (CHARS, TOKENS) if fixed else (None, None)
    return FRONT_ENDS[name], fixed, make(FRONT_ENDS[name], *lengths)


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
