"""Use a bundle: text in, labels out. Needs numpy and one of LiteRT, tflite-runtime and ONNX Runtime."""

from __future__ import annotations

from edgekd.runtime.bundle import Bundle, Result, Slot
from edgekd.runtime.outputs import RawOutputs

__all__ = ["Bundle", "RawOutputs", "Result", "Slot"]
