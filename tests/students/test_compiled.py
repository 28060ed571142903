"""With XLA, unless the environment says otherwise."""

import pytest
import tensorflow as tf

from edgekd.students.compiled import compiled


@pytest.mark.parametrize(("said", "fused"), [(None, True), ("1", True), ("0", False)])
def test_the_environment_decides(said, fused, monkeypatch):
    if not tf.test.is_built_with_xla():
        pytest.skip("this TensorFlow has no XLA")
    monkeypatch.delenv("EDGEKD_XLA")
    if said:
        monkeypatch.setenv("EDGEKD_XLA", said)
    double = compiled(lambda x: 2 * x)
    assert double(tf.constant(3.0)) == 6.0
    if fused:
        assert "multiply" in double.experimental_get_compiler_ir(tf.constant(3.0))(stage="hlo")
    else:
        with pytest.raises(ValueError, match="jit_compile"):
            double.experimental_get_compiler_ir(tf.constant(3.0))
