"""The whole bench on the hand-made bundle, with stored logits as its teacher."""

from __future__ import annotations

import html.parser
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgekd.data.examples import LabelSet, Task
from edgekd.teachers.shard import describe, write_shard
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("numbers", "words"), ("number",))


def example(words: list[str], language: str) -> dict:
    """A text labelled by the rule of the bundle."""
    spans, position = [], 0
    for before, word in zip(["", *words], words, strict=False):
        if word.isdigit() and before.isdigit():
            spans[-1]["end"] = position + len(word)
        elif word.isdigit():
            spans.append({"start": position, "end": position + len(word), "slot": "number"})
        position += len(word) + 1
    label = "numbers" if spans else "words"
    return {"text": " ".join(words), "language": language, "labels": [label], "spans": spans}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """260 examples that the bundle gets right; in German the teacher is right too, in English not always."""
    rng = random.Random(0)
    rows = [
        example(rng.choices(["wake", "me", "<at>", "7", "30"], k=rng.randint(1, 6)), language)
        for language, count in (("de", 120), ("en", 120), ("sw", 20))
        for _ in range(count)
    ]
    folder = tmp_path_factory.mktemp("data")
    (folder / "dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def teacher_file(data: Path, path: Path, wrong: float) -> Path:
    """Logits that give the right answer, but for a share of the texts the other label."""
    rng = random.Random(1)
    outputs = {}
    for line in (data / "dev.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        right = np.array([row["labels"] == ["numbers"], row["labels"] == ["words"]], np.float32)
        units = np.array([match.span() for match in re.finditer(r"\S+", row["text"])], np.int32)
        tags = np.zeros((len(units), 3), np.float32)
        for unit, (start, _) in enumerate(units):
            inside = [span for span in row["spans"] if span["start"] <= start < span["end"]]
            tags[unit, 0 if not inside else 1 if inside[0]["start"] == start else 2] = 5.0
        logits = 1 - right if rng.random() < wrong else right
        outputs.setdefault(row["text"], SoftLabels(logits, units, tags))
    meta = describe(Task.JOINT, LABELS, "abc")
    write_shard(path, list(outputs), list(outputs.values()), meta)
    return path


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgekd", "bench", *map(str, arguments), "--seconds", "0.05"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def passed(
    bundle_folder: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict, str]:
    """A bench that passes: folder, report, output."""
    out = tmp_path_factory.mktemp("report")
    teacher = teacher_file(data, out / "teacher.parquet", wrong=0.1)
    done = bench(
        bundle_folder,
        "--data",
        data,
        "--teacher",
        teacher,
        "--min-retention",
        0.95,
        "--runtime",
        "all",
        "--out",
        out,
    )
    assert done.returncode == 0, done.stderr
    return out, json.loads((out / "report.json").read_text("utf-8")), done.stdout


def test_the_report_holds_what_was_asked(passed: tuple[Path, dict, str], bundle_folder: Path) -> None:
    _, report, output = passed
    assert list(report["runtimes"]) == ["litert", "onnxruntime"]
    assert report["data"]["examples"] == {"de": 120, "en": 120, "sw": 20}
    for name, file in (("litert", "model.tflite"), ("onnxruntime", "model.onnx")):
        runtime = report["runtimes"][name]
        assert runtime["bytes"] == (bundle_folder / file).stat().st_size
        assert runtime["scores"]["overall"] == {"accuracy": 1.0, "span_f1": 1.0, "exact_match": 1.0}
        assert runtime["latency"]["calls"] >= 1000
        assert 0 < runtime["cold"]["load_ms"] < runtime["cold"]["process_to_answer_ms"] < 10_000
        assert 0 < runtime["cold"]["steady_rss_bytes"] <= runtime["cold"]["peak_rss_bytes"]
    teacher = report["teacher"]["scores"]["overall"]["exact_match"]
    assert 0.8 < teacher < 1.0
    assert report["runtimes"]["litert"]["retention"]["overall"]["exact_match"] == pytest.approx(1 / teacher)
    assert report["teacher"]["latency"] is None  # stored logits know no new text
    assert report["gate"]["passed"]
    assert {check["status"] for check in report["gate"]["checks"]} == {"passed", "too few examples"}
    assert "Passed: keeps" in output


class Page(html.parser.HTMLParser):
    """What a browser would fetch, run, or find unclosed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(passed: tuple[Path, dict, str]) -> None:
    text = (passed[0] / "report.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.fetched == []
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert "url(" not in text and "@import" not in text
    assert "prefers-color-scheme: dark" in text
    for shown in ("Passed", "sw", "model.tflite", "too few to judge", "edgekd bench"):
        assert shown in text


def test_the_gate_fails_with_exit_code_3_after_the_report_is_written(
    bundle_folder: Path, data: Path, tmp_path: Path
) -> None:
    path = data / "dev.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    spoilt = tmp_path / "data"
    spoilt.mkdir()
    for row in rows[:60]:  # what the bundle cannot get right, and the teacher, made from the same rows, does
        row["labels"] = ["numbers" if row["labels"] == ["words"] else "words"]
        row["text"] = "<b>" + row["text"][3:] if row["text"].startswith("me ") else row["text"]
    (spoilt / "dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    teacher = teacher_file(spoilt, tmp_path / "teacher.parquet", wrong=0.0)
    out = tmp_path / "out"
    done = bench(bundle_folder, "--data", spoilt, "--teacher", teacher, "--min-retention", 0.95, "--out", out)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert not report["gate"]["passed"]
    failed = {check["language"] for check in report["gate"]["checks"] if check["status"] == "failed"}
    assert failed == {"all", "de"}
    assert report["differences"][0]["language"] == "de"
    page = (out / "report.html").read_text("utf-8")
    assert "Failed: 2 of 3 checks" in page
    assert "&lt;at&gt;" in page and "<at>" not in page


def test_without_a_teacher_there_is_no_retention(bundle_folder: Path, data: Path, tmp_path: Path) -> None:
    done = bench(bundle_folder, "--data", data, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["teacher"], report["gate"], report["runtimes"]["litert"]["retention"]) == (
        None,
        None,
        None,
    )
    assert "No gate" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--min-retention", "0.9"], 2, "a gate needs a teacher"),
        (["--min-retention", "95"], 2, "less than or equal to 2"),
        (["--split", "test"], 2, "no split 'test'"),
        (["--runtime", "coreml"], 1, "no runtime 'coreml'"),
        (["--teacher", "nowhere.parquet"], 1, "nowhere.parquet"),
    ],
)
def test_wrong_use_is_explained(
    bundle_folder: Path, data: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    done = bench(bundle_folder, "--data", data, "--out", tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_data_of_another_task_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    row = {"text": "play jazz", "labels": ["music"], "spans": [{"start": 5, "end": 9, "slot": "genre"}]}
    (tmp_path / "dev.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    done = bench(bundle_folder, "--data", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "no label in common" in done.stderr
