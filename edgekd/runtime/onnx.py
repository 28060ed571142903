"""An ONNX file in ONNX Runtime: one graph for every length."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from edgekd.runtime.manifest import Manifest, ModelFile
from edgekd.runtime.outputs import RawOutputs
from edgekd.runtime.watched import watched
from edgekd.text.tokens import code_points

_EMPTY = np.zeros(1, np.int32)  # the graph needs one code point at least; zero is padding


class OnnxBackend:
    """Runs the graph on a text as it is, cut to the bundle's longest length.

    Args:
        module: `onnxruntime`.
        file: the ONNX file.
        threads: for the runtime's kernels.
    """

    def __init__(self, module: ModuleType, file: ModelFile, manifest: Manifest, threads: int) -> None:
        options = module.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only
        session = module.InferenceSession(str(file.path), options, providers=["CPUExecutionProvider"])
        self._run = session.run
        self._outputs = [output.name for output in session.get_outputs()]
        self._input = manifest.input_name
        self._max_chars, self._max_tokens = manifest.max_chars, manifest.max_tokens

    def run(self, text: str) -> RawOutputs:
        """The hot path: one call of the session on the text's own length."""
        codepoints = code_points(text[: self._max_chars]) if text else _EMPTY
        values = self._run(self._outputs, {self._input: codepoints[None, :]})
        outputs = dict(zip(self._outputs, values, strict=True))
        count = int(outputs["token_count"][0])
        labels, tags, spans = (outputs.get(name) for name in ("label_logits", "tag_logits", "token_spans"))
        return RawOutputs(
            label_logits=None if labels is None else labels[0],
            tag_logits=None if tags is None else tags[0, :count],
            token_spans=None if spans is None else spans[0, :count],
            token_count=count,
            truncated=count > self._max_tokens or len(text) > self._max_chars,
        )

    def watch(self, spent_ns: list[int]) -> None:
        """As `Backend.watch`."""
        self._run = watched(self._run, spent_ns)
