"""A TFLite file in LiteRT or tflite-runtime: one signature per length, all sharing the weights."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from edgekd.runtime.manifest import Manifest, ModelFile, Signature
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
        interpreter = module.Interpreter(model_path=str(file.path), num_threads=threads)
        self._runners = [_Runner(interpreter, one, manifest.input_name) for one in file.signatures]
        self._longest = self._runners[-1]

    def run(self, text: str) -> RawOutputs:
        """The hot path: run the smallest signature with room for the text; a longer one, if tokens overflow.

        The words between spaces are a cheap lower bound for the tokens, and save most of the second runs.
        """
        longest = self._longest
        seen = text[: longest.chars]
        codepoints, words = code_points(seen), len(seen.split())
        for runner in self._runners:
            if runner is longest or (len(codepoints) <= runner.chars and words <= runner.tokens):
                runner.run(codepoints)
                count = int(runner.output("token_count")[0])
                if count <= runner.tokens:
                    break
        names = ("label_logits", "tag_logits", "token_spans")
        labels, tags, spans = [runner.output(name) for name in names]
        return RawOutputs(
            label_logits=None if labels is None else labels[0],
            tag_logits=None if tags is None else tags[0, :count],
            token_spans=None if spans is None else spans[0, :count],
            token_count=count,
            truncated=count > longest.tokens or len(text) > longest.chars,
        )


class _Runner:
    """Runs one signature on code points, which it pads with zeros.

    The runners of LiteRT and tflite-runtime plan the memory anew at every call, though the shapes stay, and
    copy every output. What lies below them does not. It is the same in both, but not public.
    """

    def __init__(self, interpreter: Any, signature: Signature, input_name: str) -> None:
        self.chars, self.tokens = signature.chars, signature.tokens
        self._padded = np.zeros((1, signature.chars), np.int32)
        runner = interpreter.get_signature_runner(signature.name)
        self._below, self._subgraph = runner._interpreter_wrapper, runner._subgraph_index
        self._input, self._outputs = runner._inputs[input_name], dict(runner._outputs)
        self._planned = False

    def run(self, codepoints: np.ndarray) -> None:
        """Compute the outputs for int32 (n,) code points, n at most `chars`."""
        if not self._planned:  # not before it is needed, since the weights are copied for it
            self._below.AllocateTensors(self._subgraph)
            self._planned = True
        length = len(codepoints)
        self._padded[0, :length] = codepoints
        self._padded[0, length:] = 0
        self._below.SetTensor(self._input, self._padded, self._subgraph)
        self._below.Invoke(self._subgraph)

    def output(self, name: str) -> np.ndarray | None:
        """A copy of an output of the last run; None where the signature has none of the name."""
        index = self._outputs.get(name)
        return None if index is None else self._below.GetTensor(index, self._subgraph)
