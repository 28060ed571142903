"""A TFLite file in LiteRT or tflite-runtime: one signature per length, all sharing the weights."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from edgekd.runtime.manifest import Manifest, ModelFile, Signature
from edgekd.runtime.outputs import RawOutputs
from edgekd.runtime.watched import watched
from edgekd.text.tokens import encode


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

        Returns:
            Arrays in the runtime's own memory: the next run overwrites them.
        """
        longest = self._longest
        seen = text[: longest.chars]
        codepoints, words = encode(seen), len(seen.split())
        for runner in self._runners:
            if runner is longest or (len(seen) <= runner.chars and words <= runner.tokens):
                outputs = runner.run(codepoints)
                count = outputs["token_count"].item()
                if count <= runner.tokens:
                    break
        tags, spans = outputs["tag_logits"], outputs["token_spans"]
        return RawOutputs(
            outputs["label_logits"],
            None if tags is None else tags[:count],
            None if spans is None else spans[:count],
            count,
            count > longest.tokens or len(text) > longest.chars,
        )

    def watch(self, spent_ns: list[int]) -> None:
        """As `Backend.watch`."""
        for runner in self._runners:
            runner.watch(spent_ns)


class _Runner:
    """Runs one signature on code points, which it pads with zeros.

    The runners of LiteRT and tflite-runtime plan the memory anew at every call, though the shapes stay, and
    copy every input and output. What lies below them does not. It is the same in both, but not public.
    """

    def __init__(self, interpreter: Any, signature: Signature, input_name: str) -> None:
        self.chars, self.tokens = signature.chars, signature.tokens
        self._interpreter, self._signature, self._input_name = interpreter, signature.name, input_name
        self._padding = bytes(4 * self.chars)
        self._input: memoryview | None = None

    def run(self, codepoints: bytes) -> dict[str, np.ndarray | None]:
        """The outputs by name, without the dimension of the batch, None where the signature has none of the
        name, for at most `chars` code points as `encode` gives them."""
        if self._input is None:
            self._plan()
        length = len(codepoints)
        self._input[:length] = codepoints
        self._input[length:] = self._padding[length:]
        self._invoke(self._subgraph)
        return self._outputs

    def watch(self, spent_ns: list[int]) -> None:
        """As `Backend.watch`."""
        if self._input is None:
            self._plan()
        self._invoke = watched(self._invoke, spent_ns)

    def _plan(self) -> None:
        """Lay out the memory, not before it is needed, since the weights are copied for it."""
        runner = self._interpreter.get_signature_runner(self._signature)
        below, self._subgraph = runner._interpreter_wrapper, runner._subgraph_index
        below.AllocateTensors(self._subgraph)
        self._invoke = below.Invoke

        def memory_of(index: int) -> np.ndarray:
            return below.tensor(self._interpreter, index, self._subgraph)

        # Bytes into bytes: less than half of what NumPy takes for so few numbers.
        self._input = memoryview(memory_of(runner._inputs[self._input_name])[0]).cast("B")
        outputs = {name: memory_of(index) for name, index in dict(runner._outputs).items()}
        self._outputs = dict.fromkeys(("label_logits", "tag_logits", "token_spans"))
        self._outputs |= {name: one if name == "token_count" else one[0] for name, one in outputs.items()}
