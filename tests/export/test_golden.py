"""golden.jsonl: each line holds together by itself, so that a decoder is tested without a runtime."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgekd.export.golden import golden_lines, tolerances
from edgekd.quantize.schemes import SCHEMES
from edgekd.runtime import Bundle, RawOutputs
from edgekd.runtime.golden import read_golden

FIELDS = [
    *("text", "codepoints", "token_count", "token_spans", "truncated", "label_logits", "tag_logits"),
    *("labels", "scores", "out_of_scope", "out_of_scope_score", "slots", "stable"),
]


@pytest.fixture(scope="module")
def lines(bundle_of: Callable[[str], Path]) -> list[dict]:
    text = (bundle_of("int8") / "golden.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_lines_are_whole(lines: list[dict], bundle_of: Callable[[str], Path]) -> None:
    manifest = Bundle.load(bundle_of("int8")).manifest
    assert len(lines) >= 60
    for line in lines:
        assert list(line) == FIELDS
        assert line["codepoints"] == [ord(character) for character in line["text"]]
        assert len(line["token_spans"]) == len(line["tag_logits"]) == min(line["token_count"], 20)
        too_long = len(line["text"]) > manifest.max_chars or line["token_count"] > manifest.max_tokens
        assert line["truncated"] == too_long
        assert all(slot["text"] == line["text"][slot["start"] : slot["end"]] for slot in line["slots"])
    assert {line["truncated"] for line in lines} == {True, False}
    assert any("\ud83d" in line["text"] for line in lines)


def test_decisions_follow_from_the_logits_of_the_line(
    lines: list[dict], bundle_of: Callable[[str], Path]
) -> None:
    bundle = Bundle.load(bundle_of("int8"))
    for line in lines:
        raw = RawOutputs(
            np.array(line["label_logits"]),
            np.array(line["tag_logits"]).reshape(-1, len(bundle.manifest.tags)),
            np.array(line["token_spans"]).reshape(-1, 2),
            line["token_count"],
            line["truncated"],
        )
        said = json.loads(json.dumps(bundle.decode(line["text"], raw).to_dict()))
        assert said.pop("scores") == pytest.approx(line["scores"], abs=1e-5)
        assert said.items() <= line.items()


def test_a_line_is_stable_where_the_files_agree(bundle_of: Callable[[str], Path]) -> None:
    one = Bundle.load(bundle_of("float32"), "litert")
    assert all(line["stable"] for line in golden_lines([one, one]))
    other = Bundle.load(bundle_of("int4"), "onnxruntime")
    both = golden_lines([one, other])
    differs = [one.predict(line["text"]).labels != other.predict(line["text"]).labels for line in both]
    assert any(differs)
    assert not any(line["stable"] for line, differ in zip(both, differs, strict=True) if differ)


def test_what_is_read_is_what_was_written(lines: list[dict], bundle_of: Callable[[str], Path]) -> None:
    for read, line in zip(read_golden(Bundle.load(bundle_of("int8")).manifest), lines, strict=True):
        assert (read.text, list(read.labels), read.stable) == (line["text"], line["labels"], line["stable"])
        assert read.raw.token_spans.tolist() == line["token_spans"]
        assert read.raw.tag_logits.tolist() == line["tag_logits"]


def test_a_file_may_be_off_by_its_own_tolerance_and_by_that_of_the_golden_logits() -> None:
    lines = [
        {"label_logits": [1.0, -8.0], "tag_logits": []},
        {"label_logits": [2.0, 3.0], "tag_logits": [[4.0]]},
    ]
    int8, int4 = SCHEMES["int8"], SCHEMES["int4"]
    assert tolerances(lines, [int8, int4]) == pytest.approx([8 * 0.1, 8 * 0.45])
