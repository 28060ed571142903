"""The whole bench on the hand-made bundle, with stored logits as its teacher."""

from __future__ import annotations

import html.parser
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from edgekd.data.examples import LabelSet, Task
from edgekd.teachers.shard import describe, shard_content
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
    path.write_bytes(shard_content(list(outputs), list(outputs.values()), meta))
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
    [on] = report["targets"].values()
    assert list(on["runtimes"]) == ["litert", "onnxruntime"]
    assert report["data"]["examples"] == {"de": 120, "en": 120, "sw": 20}
    for name, file in (("litert", "model.tflite"), ("onnxruntime", "model.onnx")):
        runtime = on["runtimes"][name]
        assert runtime["bytes"] == (bundle_folder / file).stat().st_size
        assert runtime["scores"]["overall"] == {"accuracy": 1.0, "span_f1": 1.0, "exact_match": 1.0}
        assert runtime["latency"]["1"]["calls"] >= 1000
        assert 0 < runtime["cold"]["load_ms"] < runtime["cold"]["process_to_answer_ms"] < 10_000
        assert 0 < runtime["cold"]["steady_rss_bytes"] <= runtime["cold"]["peak_rss_bytes"]
    teacher = report["teacher"]["scores"]["overall"]["exact_match"]
    assert 0.8 < teacher < 1.0
    litert = on["runtimes"]["litert"]
    assert litert["retention"]["overall"]["exact_match"] == pytest.approx(1 / teacher)
    low, high = litert["retention_intervals"]["overall"]["exact_match"]
    assert 1.0 < low < 1 / teacher < high
    assert on["teacher_latency"] is None  # stored logits know no new text
    assert on["noise"]["spread"] > 0
    assert report["gate"]["verdict"] == "UNSURE"
    undecided = {check["language"] for check in report["gate"]["checks"] if check["verdict"] == "UNSURE"}
    assert undecided == {"sw"}
    assert "UNSURE: 2 of 8 checks undecided" in output
    assert "fewer than 30 examples" in output


def test_markdown_and_junit(passed: tuple[Path, dict, str]) -> None:
    markdown = (passed[0] / "report.md").read_text("utf-8")
    assert "| sw | 20 | 100.0% |" in markdown
    assert "UNSURE" in markdown
    suite = ElementTree.parse(passed[0] / "junit.xml").getroot()
    assert suite.attrib == {"name": "edgekd bench numbers", "tests": "8", "failures": "0", "skipped": "2"}
    assert suite[0].attrib == {"classname": "local.litert", "name": "retention exact_match all"}


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
    for shown in ("UNSURE", "sw", "model.tflite", "too few to judge", "edgekd bench"):
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
    assert report["gate"]["verdict"] == "FAIL"
    verdicts = {check["language"]: check["verdict"] for check in report["gate"]["checks"]}
    assert verdicts == {"all": "UNSURE", "de": "FAIL", "en": "PASS", "sw": "UNSURE"}
    assert report["differences"][0]["language"] == "de"
    page = (out / "report.html").read_text("utf-8")
    assert "FAIL: 1 of 4 checks" in page
    assert "&lt;at&gt;" in page and "<at>" not in page


def test_without_a_teacher_there_is_no_retention(bundle_folder: Path, data: Path, tmp_path: Path) -> None:
    done = bench(bundle_folder, "--data", data, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    litert = report["targets"]["local"]["runtimes"]["litert"]
    assert (report["teacher"], report["gate"], litert["retention"]) == (None, None, None)
    assert "No gate" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--min-retention", "0.9"], 2, "a gate on retention needs a teacher"),
        (["--max-size", "1"], 2, "'1' is not a size"),
        (["--target", "pi"], 2, "there is no target 'pi'"),
        (["--target", "ssh://-oProxyCommand=x"], 2, "is not the address of a target"),
        (["--targets", "nowhere.yaml"], 2, "there is no file of targets"),
        (["--baseline", "nowhere.json"], 1, "there is no file nowhere.json"),
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


def test_one_target_of_several_that_cannot_be_reached(
    bundle_folder: Path, data: Path, tmp_path: Path
) -> None:
    targets = ("--target", "local", "--target", "ssh://127.0.0.1:1")
    done = bench(bundle_folder, "--data", data, "--out", tmp_path, *targets)
    assert done.returncode == 1
    assert "ssh://127.0.0.1:1 was not measured" in done.stderr
    assert "1 of 2 targets could not be measured" in done.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert list(report["targets"]) == ["local"]
    assert "Connection refused" in report["unreached"]["ssh://127.0.0.1:1"]
    assert "was not measured" in (tmp_path / "report.html").read_text("utf-8")


def test_a_worse_bundle_fails_against_the_baseline(
    passed: tuple[Path, dict, str], bundle_folder: Path, data: Path, tmp_path: Path
) -> None:
    old = json.loads((passed[0] / "report.json").read_text("utf-8"))
    again = bench(bundle_folder, "--data", data, "--out", tmp_path, "--baseline", passed[0] / "report.json")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    quality = [one for one in report["baseline"]["changes"] if one["what"] == "quality"]
    assert not any(one["regressed"] for one in quality)
    assert again.returncode in (0, 3), again.stderr  # the machine may be slower by now

    runtime = old["targets"]["local"]["runtimes"]["litert"]
    runtime["bytes"] = int(runtime["bytes"] / 1.1)
    (tmp_path / "smaller.json").write_text(json.dumps(old), "utf-8")
    done = bench(bundle_folder, "--data", data, "--out", tmp_path, "--baseline", tmp_path / "smaller.json")
    assert done.returncode == 3
    assert "worse than the baseline" in done.stderr
    assert "Against the baseline" in (tmp_path / "report.html").read_text("utf-8")
