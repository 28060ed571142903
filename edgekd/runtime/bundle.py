"""A bundle: the exported model with its description, ready to be asked.

bundle = Bundle.load("bundle/")
result = bundle.predict("wake me up at seven tomorrow")
result.labels, result.slots
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from edgekd.data.examples import Prediction, Span, Task
from edgekd.runtime.backends import Backend, Runtime, choose, open_backend
from edgekd.runtime.decode import best_label, labels_above_half, out_of_scope_score, spans_of
from edgekd.runtime.manifest import Manifest
from edgekd.runtime.outputs import RawOutputs


class Slot(NamedTuple):
    """A slot value: `text` is the user's own words, `start` and `end` (exclusive) count code points."""

    slot: str
    start: int
    end: int
    text: str


class Result(NamedTuple):
    """What the bundle says of a text.

    Attributes:
        labels: one label for classification and joint tasks, any number for multi-label, none for tagging.
        scores: the probability of each of `labels`, 0 to 1.
        slots: in the order of the text.
        truncated: the text is longer than the model reads, and its end was not seen.
        out_of_scope: the text is none of the labels, as far as the bundle can tell.
        out_of_scope_score: 0 to 1, by which that was decided; None where the bundle has no such rule.
    """

    labels: tuple[str, ...]
    scores: tuple[float, ...]
    slots: tuple[Slot, ...]
    truncated: bool
    out_of_scope: bool = False
    out_of_scope_score: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain lists and dicts, for JSON."""
        return {**self._asdict(), "slots": [slot._asdict() for slot in self.slots]}


class Bundle:
    """A loaded bundle. Not for several threads at once: the runtimes keep one set of buffers."""

    def __init__(self, manifest: Manifest, runtime: Runtime, backend: Backend) -> None:
        self.manifest = manifest
        self.task = manifest.task
        self.labels = manifest.labels
        self.runtime = runtime
        self._backend = backend
        # What the hot path reads, without a look-up through three objects.
        self._names, self._slots = manifest.labels.labels, manifest.labels.slots
        self._rule, self._several = manifest.out_of_scope, manifest.task is Task.MULTILABEL

    @classmethod
    def load(cls, path: str | os.PathLike[str], runtime: str = "auto", threads: int = 1) -> Bundle:
        """Open a bundle folder.

        Args:
            path: the folder that `edgekd export` wrote.
            runtime: "litert", "tflite-runtime", "onnxruntime", or "auto" for the first that is installed.
            threads: one by default: the model is too small to gain from more.

        Raises:
            BundleError: the bundle is missing, damaged or of a newer format, or the runtime cannot run it.
        """
        manifest = Manifest.read(Path(path))
        chosen = choose(runtime, manifest)
        return cls(manifest, chosen, open_backend(chosen, manifest, threads))

    def run(self, text: str) -> RawOutputs:
        """The model's numbers for a text: logits, and token spans in code points."""
        return self._backend.run(text).copied()

    def predict(self, text: str) -> Result:
        """Labels with probabilities, and slots with the user's own words."""
        return self.decode(text, self._backend.run(text))

    def watch(self, spent_ns: list[int]) -> None:
        """For measuring: from now on each call of the runtime appends the nanoseconds that it takes."""
        self._backend.watch(spent_ns)

    def decode(self, text: str, raw: RawOutputs) -> Result:
        """What the model's numbers for a text mean."""
        slots: tuple[Slot, ...] = ()
        if raw.tag_logits is not None and raw.token_spans is not None:
            found = spans_of(raw.tag_logits, raw.token_spans, self._slots)
            slots = tuple([Slot(slot, start, end, text[start:end]) for start, end, slot in found])
        logits, names, rule = raw.label_logits, self._names, self._rule
        if logits is None:
            return Result((), (), slots, raw.truncated)
        if self._several:
            labels, scores = labels_above_half(logits, names)
        else:
            label, score = best_label(logits, names)
            labels, scores = (label,), (score,)
        if rule is None:
            return Result(labels, scores, slots, raw.truncated)
        unlike = out_of_scope_score(logits, scores[0], rule.label)
        return Result(labels, scores, slots, raw.truncated, unlike > rule.threshold, unlike)

    def prediction(self, text: str) -> Prediction:
        """The same as names and spans only, comparable with an Example."""
        said = self.predict(text)
        return Prediction(said.labels, tuple([Span(slot.start, slot.end, slot.slot) for slot in said.slots]))
