"""Bundles with golden vectors, small and made by hand, for the samples in export/."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.data.examples import LabelSet
from edgekd.export.golden_texts import golden_texts
from edgekd.files import sha256
from edgekd.runtime import Bundle
from edgekd.runtime.decode import best_label, labels_above_half, softmax, spans_of
from edgekd.text.tokens import code_points

OWN_LABEL, THRESHOLD = "words", 0.4


@pytest.fixture(scope="session")
def golden_bundle(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made bundle "numbers" with an out-of-scope threshold and with what its model says."""
    folder = tmp_path_factory.mktemp("golden") / "bundle"
    shutil.copytree(bundle_folder, folder)
    content = json.loads((folder / "edgekd.json").read_text("utf-8"))
    content["out_of_scope"] = {"label": OWN_LABEL, "threshold": THRESHOLD}
    (folder / "edgekd.json").write_text(json.dumps(content), "utf-8")
    bundle = Bundle.load(folder)
    lines = []
    # The third has the characters of the short signature and the tokens of the long one.
    for text in ["wake at 7 30", "\U0001f600 7 \U00010400 8", "a b 3 4 e 6", *golden_texts(8, 48)]:
        raw = bundle.run(text)
        outputs = (raw.token_spans, raw.label_logits, raw.tag_logits)
        count = len(re.findall(r"[^\0- ]+", text[:48]))
        lines.append(_line(content, text, *outputs, token_count=count, truncated=raw.truncated))
    _write(folder, lines)
    return folder


@pytest.fixture(scope="session")
def wrong_bundle(golden_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `golden_bundle` in whose vectors one slot ends a character too early."""
    folder = tmp_path_factory.mktemp("wrong") / "bundle"
    shutil.copytree(golden_bundle, folder, ignore=shutil.ignore_patterns("embed"))
    lines = [json.loads(line) for line in (folder / "golden.jsonl").read_text("utf-8").splitlines()]
    next(line["slots"][0] for line in lines if line["slots"])["end"] -= 1
    _write(folder, lines)
    return folder


@pytest.fixture(scope="session", params=["joint", "classification", "multilabel", "tagging"])
def random_bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Golden vectors of random logits, which need Viterbi's algorithm far more often than a model's do.

    Its model is none: these are for the decoding alone.
    """
    task = request.param
    folder = tmp_path_factory.mktemp(f"random_{task}") / "bundle"
    folder.mkdir()
    (folder / "model.tflite").write_bytes(b"none")
    labels = [] if task == "tagging" else ["alarm", "oos", "weather"]
    slots = ["date", "place", "time"] if task in ("joint", "tagging") else []
    content = {
        "format": "edgekd-bundle",
        "format_version": 1,
        "name": "random",
        "task": task,
        "labels": labels,
        "slots": slots,
        "tags": list(LabelSet(tuple(labels), tuple(slots)).tags),
        "max_chars": 48,
        "max_tokens": 8,
        "input": {"name": "codepoints"},
        "files": {
            "model.tflite": {
                "runtime": "tflite",
                "signatures": [{"name": "tokens_8", "chars": 48, "tokens": 8}],
                "scheme": "none",
                "bytes": 4,
                "sha256": sha256(folder / "model.tflite"),
            }
        },
    }
    if task in ("joint", "classification"):
        content["out_of_scope"] = {"label": "oos", "threshold": 0.5}
    (folder / "edgekd.json").write_text(json.dumps(content), "utf-8")
    _write(folder, _random_lines(content))
    return folder


def _random_lines(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(7)
    for number in range(300):
        words = rng.choice(["go", "\U0001f600", "n\u00ef", "\U00010400x", "\u0e44"], size=number % 9)
        text, spans = "", []
        for word in words:
            text += " " * bool(text)
            spans.append([len(text), len(text) + len(word)])
            text += word
        logits: dict[str, Any] = {}
        if content["labels"]:
            logits["label_logits"] = rng.normal(0, 2, len(content["labels"]))
        if content["slots"]:
            logits["tag_logits"] = rng.normal(0, 2, (len(words), len(content["tags"])))
        yield _line(content, text, np.array(spans, int).reshape(-1, 2), **logits, token_count=len(words))


def _line(
    content: dict[str, Any],
    text: str,
    token_spans: np.ndarray,
    label_logits: np.ndarray | None = None,
    tag_logits: np.ndarray | None = None,
    *,
    token_count: int,
    truncated: bool = False,
) -> dict[str, Any]:
    """A line of golden.jsonl, decoded from the rounded logits with edgekd's own functions."""
    line: dict[str, Any] = {
        "text": text,
        "codepoints": code_points(text).tolist(),
        "token_count": token_count,
        "token_spans": token_spans.tolist(),
        "truncated": truncated,
        "labels": [],
        "scores": [],
        "out_of_scope": False,
        "out_of_scope_score": None,
        "slots": [],
        "stable": True,
    }
    if label_logits is not None:
        logits = label_logits.astype(float).round(4)
        line["label_logits"] = logits.tolist()
        if content["task"] == "multilabel":
            line["labels"], line["scores"] = map(list, labels_above_half(logits, content["labels"]))
        else:
            label, score = best_label(logits, content["labels"])
            line["labels"], line["scores"] = [label], [score]
            known = [name != content["out_of_scope"]["label"] for name in content["labels"]]
            line["out_of_scope_score"] = 1 - float(softmax(logits)[known].max())
            line["out_of_scope"] = line["out_of_scope_score"] > content["out_of_scope"]["threshold"]
    if tag_logits is not None:
        logits = tag_logits.astype(float).round(4)
        line["tag_logits"] = logits.tolist()
        if len(logits):
            line["slots"] = [
                {"slot": slot, "start": start, "end": end, "text": text[start:end]}
                for start, end, slot in spans_of(logits, token_spans, content["slots"])
            ]
    return line


def _write(folder: Path, lines: Iterable[dict[str, Any]]) -> None:
    (folder / "golden.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
