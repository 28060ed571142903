"""The ONNX graph of word pieces against the reference."""

from __future__ import annotations

import numpy as np
import pytest

from edgekd.text.tokens import code_points
from edgekd.text.word_pieces import Vocabulary, WordPieces
from tests.text.test_word_pieces import TEXTS, random_texts, vocabulary

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.mark.parametrize("lower_case", [True, False])
def test_the_graph_gives_the_pieces_of_the_reference(lower_case):
    from onnx import TensorProto, helper

    from edgekd.export.onnx_builder import OnnxBuilder
    from edgekd.export.onnx_word_pieces import onnx_word_pieces

    front_end = WordPieces(Vocabulary(tuple(vocabulary()), lower_case), max_tokens=40, max_chars=128)
    graph = OnnxBuilder()
    found = onnx_word_pieces(graph, "codepoints", front_end)
    for name, value in found._asdict().items():
        graph.rename(value, name)
    kinds = {"numbers": TensorProto.INT32, "on_tokens": TensorProto.FLOAT}
    outputs = {"numbers": ["t"], "on_tokens": ["t", 1], "spans": [1, "t", 2], "count": [1]}
    model = graph.model(
        [helper.make_tensor_value_info("codepoints", TensorProto.INT32, [1, "chars"])],
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.INT32), shape)
            for name, shape in outputs.items()
        ],
        opset=18,
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for text in [*TEXTS, *random_texts(400), "wake" * 24, "unbelievably" * 10, "\ud800wake", "\u0301", "a"]:
        points = code_points(text)[:128] if text else np.zeros(1, np.int32)
        said = dict(zip(outputs, session.run(list(outputs), {"codepoints": points[None]}), strict=True))
        expected = front_end.read(text)
        rows = max(len(expected.rows), 1)
        assert said["count"].tolist() == [expected.count], repr(text)
        assert said["on_tokens"].tolist() == [[float(expected.count > 0)]] * rows
        np.testing.assert_array_equal(said["numbers"][: expected.count], expected.rows)
        np.testing.assert_array_equal(said["spans"][0][: expected.count], expected.spans)
