"""A student as a TFLite file of builtin ops, with one signature for each length."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from edgekd.errors import ExportError
from edgekd.export.calibration import samples
from edgekd.export.flatbuffer import slimmed
from edgekd.export.graph import save_model
from edgekd.quantize.post_training import configure_tflite, quantize_tflite
from edgekd.quantize.schemes import Scheme
from edgekd.runtime.manifest import Signature
from edgekd.students.student import Student


def to_tflite(
    student: Student, scheme: Scheme, signatures: Sequence[Signature], calibration: Sequence[str] = ()
) -> bytes:
    """Convert, or raise ExportError with the converter's reason.

    Through a SavedModel, which is the only way to several signatures. `calibration` are the texts of a scheme
    that is calibrated.
    """
    inputs = {one.name: samples(calibration, one.chars, padded=True) for one in signatures}
    with tempfile.TemporaryDirectory() as folder:
        save_model(student, signatures, Path(folder), scheme)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[signature.name for signature in signatures]
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        configure_tflite(converter, scheme)
        try:
            return slimmed(quantize_tflite(converter.convert(), scheme, inputs))
        except Exception as error:  # the converter has exceptions of many kinds
            raise ExportError(f"the TFLite converter refuses this student: {error}") from error
