"""The audit finds what is not builtin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgekd.errors import AuditError
from edgekd.quantize.schemes import SCHEMES

FLOAT, INT8 = SCHEMES["float32"], SCHEMES["int8"]


def test_ops_versions_and_types(bundle_of: Callable[[str], Path]) -> None:
    from edgekd.export.audit import audit_onnx, audit_tflite

    audit = audit_tflite(bundle_of("int8") / "model.tflite", INT8)
    assert (
        audit.ops["FULLY_CONNECTED:9"] == 2 * 9
    )  # two signatures of bottleneck, 2 x 2 QRNNs, score and 3 heads
    assert audit.op_count == sum(audit.ops.values())
    assert audit.dtypes["int8"] >= 9
    assert audit.float_share == 0
    assert audit.oldest_runtime.startswith("2.")
    audit = audit_onnx(bundle_of("int8") / "model.onnx", INT8)
    assert audit.ops["MatMulInteger"] == 9
    assert audit.oldest_runtime == "opset 18"


def test_four_bits_are_counted_and_need_a_newer_runtime(bundle_of: Callable[[str], Path]) -> None:
    from edgekd.export.audit import audit_onnx, audit_tflite

    folder, scheme = bundle_of("int4"), SCHEMES["int4"]
    tflite, onnx = audit_tflite(folder / "model.tflite", scheme), audit_onnx(folder / "model.onnx", scheme)
    assert (tflite.oldest_runtime, onnx.oldest_runtime) == ("2.14.0", "opset 21")
    assert min(tflite.dtypes["int4"], onnx.dtypes["int4"]) >= 6
    assert tflite.float_share < onnx.float_share < 0.05  # ONNX has a scale for each block


def test_parameters_are_those_of_the_matrices(bundle_of: Callable[[str], Path], small_student) -> None:
    from edgekd.export.audit import audit_onnx, audit_tflite

    for audit in (
        audit_tflite(bundle_of("float32") / "model.tflite", FLOAT),
        audit_onnx(bundle_of("float32") / "model.onnx", FLOAT),
    ):
        assert 0.95 * small_student.parameters < audit.parameters <= small_student.parameters
        assert audit.float_share == 1


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_float_weights_in_an_int8_file(kind: str, bundle_of: Callable[[str], Path]) -> None:
    from edgekd.export import audit

    with pytest.raises(AuditError, match="100.0% of its weights in float32"):
        getattr(audit, f"audit_{kind}")(bundle_of("float32") / f"model.{kind}", INT8)


def test_flex_ops(tmp_path: Path) -> None:
    import tensorflow as tf

    from edgekd.export.audit import audit_tflite

    function = tf.function(
        lambda x: tf.bitwise.bitwise_and(x, 3), input_signature=[tf.TensorSpec([4], tf.int32)]
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], tf.Module()
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())
    with pytest.raises(AuditError, match="FlexBitwiseAnd"):
        audit_tflite(path, FLOAT)


def test_ops_of_another_domain(tmp_path: Path) -> None:
    import onnx

    from edgekd.export.audit import audit_onnx

    helper = onnx.helper
    node = helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([node], "g", values[:1], values[1:])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets), path)
    with pytest.raises(AuditError, match=r"com\.microsoft\.Gelu"):
        audit_onnx(path, FLOAT)


def test_slimming_keeps_what_the_model_computes(bundle_of: Callable[[str], Path]) -> None:
    from ai_edge_litert.interpreter import Interpreter

    from edgekd.export.flatbuffer import slimmed

    content = (bundle_of("int8") / "model.tflite").read_bytes()
    again = slimmed(content)
    assert len(again) == len(content)  # there is nothing left to take away
    codepoints = np.full((1, 96), ord("a"), np.int32)
    outputs = [
        Interpreter(model_content=one).get_signature_runner("tokens_20")(codepoints=codepoints)
        for one in (content, again)
    ]
    for name, value in outputs[0].items():
        np.testing.assert_array_equal(value, outputs[1][name])
