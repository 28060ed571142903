"""golden.jsonl: what the files of a bundle say here of each golden text, for whoever runs them elsewhere.

One JSON object a line:

    text, codepoints        the code points too: not every language's strings hold lone surrogates
    token_count, token_spans, truncated
                            the same everywhere
    label_logits, tag_logits, those that the task has
                            rounded; a little different between processors and between files
    labels, scores, out_of_scope, out_of_scope_score, slots
                            decoded from these very logits, so that a decoder is tested without a runtime
    stable                  whether every file of the bundle gives these labels, slots and out_of_scope
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgekd.export.golden_texts import golden_texts
from edgekd.quantize.schemes import Scheme
from edgekd.runtime import Bundle, RawOutputs, Result
from edgekd.text.tokens import code_points

_DIGITS, _SCORE_DIGITS = 4, 6


def golden_lines(bundles: Sequence[Bundle]) -> list[dict[str, Any]]:
    """The lines, with the logits of the first bundle.

    Args:
        bundles: the same bundle in the runtime of each of its files.
    """
    manifest = bundles[0].manifest
    return [_line(text, bundles) for text in golden_texts(manifest.max_tokens, manifest.max_chars)]


def to_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """The content of golden.jsonl."""
    return "".join(json.dumps(line) + "\n" for line in lines)


def tolerances(lines: Sequence[Mapping[str, Any]], schemes: Sequence[Scheme]) -> list[float]:
    """How far a logit of each file may be from the lines.

    Golden logits are as far from Keras as the first scheme allows, and those of a file as its own does.

    Args:
        lines: as of `golden_lines`.
        schemes: of the files, in the order of the bundles that gave the lines.
    """
    largest = max(
        np.abs(np.array(line[name])).max(initial=0)
        for line in lines
        for name in ("label_logits", "tag_logits")
        if name in line
    )
    return [float(largest * (schemes[0].logit_tolerance + one.logit_tolerance)) for one in schemes]


def _line(text: str, bundles: Sequence[Bundle]) -> dict[str, Any]:
    outputs = [bundle.run(text) for bundle in bundles]
    raw = _rounded(outputs[0])
    result = bundles[0].decode(text, raw)
    said = [bundle.decode(text, one) for bundle, one in zip(bundles, outputs, strict=True)]
    logits = {"label_logits": raw.label_logits, "tag_logits": raw.tag_logits}
    decoded = result.to_dict()
    score = result.out_of_scope_score
    return {
        "text": text,
        "codepoints": code_points(text).tolist(),
        "token_count": raw.token_count,
        "token_spans": raw.token_spans.tolist(),
        "truncated": raw.truncated,
        **{name: _listed(values, _DIGITS) for name, values in logits.items() if values is not None},
        "labels": decoded["labels"],
        "scores": _listed(np.array(result.scores), _SCORE_DIGITS),
        "out_of_scope": result.out_of_scope,
        "out_of_scope_score": None if score is None else round(score, _SCORE_DIGITS),
        "slots": decoded["slots"],
        "stable": all(_decisions(one) == _decisions(result) for one in said),
    }


def _rounded(raw: RawOutputs) -> RawOutputs:
    """The outputs with logits as they are read back from the file."""

    def rounded(logits: np.ndarray | None) -> np.ndarray | None:
        return None if logits is None else logits.astype(np.float64).round(_DIGITS)

    return raw._replace(label_logits=rounded(raw.label_logits), tag_logits=rounded(raw.tag_logits))


def _listed(values: np.ndarray, digits: int) -> list[Any]:
    return values.astype(np.float64).round(digits).tolist()


def _decisions(result: Result) -> tuple[Any, ...]:
    return result.labels, result.slots, result.out_of_scope
