"""A TFLite file in LiteRT or tflite-runtime: one signature per length, all sharing the weights."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from edgekd.runtime.manifest import Manifest, ModelFile
from edgekd.runtime.outputs import RawOutputs
from edgekd.text.tokens import code_points


class TfliteBackend:
    """Runs the smallest signature that holds a text.

    Args:
        module: `ai_edge_litert.interpreter` or `tflite_runtime.interpreter`.
        file: the TFLite file and its signatures.
        threads: for the runtime's kernels.
    """

    def __init__(self, module: ModuleType, file: ModelFile, manifest: Manifest, threads: int) -> None:
        self._interpreter = module.Interpreter(model_path=str(file.path), num_threads=threads)
        self._signatures = [
            (
                signature.chars,
                signature.tokens,
                self._interpreter.get_signature_runner(signature.name),
                np.zeros((1, signature.chars), np.int32),
            )
            for signature in file.signatures
        ]
        self._max_chars = file.signatures[-1].chars
        self._input = manifest.input_name

    def run(self, text: str) -> RawOutputs:
        """The hot path: fill a zero-padded input, run a signature, go to a longer one if the tokens overflow.

        The words between spaces are a cheap lower bound for the tokens, and save most of the second runs.
        """
        codepoints = code_points(text[: self._max_chars])
        length = len(codepoints)
        words = len(text[: self._max_chars].split())
        last = len(self._signatures) - 1
        for position, (chars, tokens, runner, padded) in enumerate(self._signatures):
            if position < last and (length > chars or words > tokens):
                continue
            padded[0, :length] = codepoints
            padded[0, length:] = 0
            outputs = runner(**{self._input: padded})
            count = int(outputs["token_count"][0])
            if count <= tokens or position == last:
                break
        labels, tags, spans = (outputs.get(name) for name in ("label_logits", "tag_logits", "token_spans"))
        return RawOutputs(
            label_logits=None if labels is None else labels[0],
            tag_logits=None if tags is None else tags[0, :count],
            token_spans=None if spans is None else spans[0, :count],
            token_count=count,
            truncated=count > tokens or len(text) > self._max_chars,
        )
