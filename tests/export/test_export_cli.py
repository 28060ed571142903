"""`edgekd export`, as typed."""

from __future__ import annotations

import functools
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from edgekd.export.golden_texts import golden_texts
from edgekd.quantize.schemes import SCHEMES
from edgekd.recipe import Recipe, Training
from tests.conftest import Command

ONE_TEXT = '{"text": "wake me at six", "intent": "alarm", "language": "en"}\n'


@pytest.fixture
def export(edgekd: Command) -> Command:
    return functools.partial(edgekd, "export")


def test_a_bundle_checked_on_data(export: Command, tiny_run: Path, tmp_path: Path) -> None:
    data = tmp_path / "dev.jsonl"
    lines = [{"text": f"wake me at {hour}", "intent": "alarm", "language": "en"} for hour in range(9)]
    data.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    out = tmp_path / "bundle"
    options = ("--formats", "onnx", "--quantize", "float32", "--data", data, "--licence", "CC0-1.0")
    done = export(tiny_run, "--out", out, *options)
    assert done.code == 0
    assert "100.0%" in done.out
    file = json.loads((out / "edgekd.json").read_text("utf-8"))["files"]["model.onnx"]
    assert 'license: "CC0-1.0"' in (out / "MODEL_CARD.md").read_text("utf-8")
    compared = file["comparison"]
    assert (file["scheme"], compared["examples"], compared["agreement"]) == ("float32", 9, 1.0)


def test_the_data_of_the_run_are_read_as_they_were(export: Command, tiny_run: Path, tmp_path: Path) -> None:
    run_folder, data = shutil.copytree(tiny_run, tmp_path / "run"), tmp_path / "dev.csv"
    data.write_text("said,meant,language\none,alarm,en\ntwo,alarm,en\ndrei,alarm,de\n", "utf-8")
    reading = {"text_column": "said", "label_column": "meant", "languages": "en"}
    (run_folder / "run.json").write_text(json.dumps({"data": str(data), "reading": reading}), "utf-8")

    def compared(number: int, *options: str) -> int:
        out = tmp_path / f"bundle_{number}"
        assert export(run_folder, "--out", out, "--formats", "onnx", "--data", data, *options).code == 0
        file = json.loads((out / "edgekd.json").read_text("utf-8"))["files"]["model.onnx"]
        return file["comparison"]["examples"]

    assert compared(1) == 2
    assert compared(2, "--languages", "de") == 1
    other = shutil.copy(data, tmp_path / "other.csv")
    assert export(run_folder, "--out", tmp_path / "bundle", "--data", other).code == 1  # no such columns


def test_by_default_the_weights_are_those_that_were_trained(
    export: Command, tiny_run: Path, tmp_path: Path
) -> None:
    run_folder = shutil.copytree(tiny_run, tmp_path / "run")
    Recipe(training=Training(qat="int4")).save(run_folder / "recipe.yaml")
    schemes = []
    for folder in (tiny_run, run_folder):
        out = tmp_path / f"bundle_{len(schemes)}"
        assert export(folder, "--out", out, "--formats", "onnx").code == 0
        schemes.append(json.loads((out / "edgekd.json").read_text("utf-8"))["files"]["model.onnx"]["scheme"])
    assert schemes == ["dynamic_wi8_afp32", "dynamic_wi4_afp32"]


def test_full_int8_is_calibrated_and_says_what_is_left_in_float(
    export: Command, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    texts = [text for text in golden_texts(12, 64) if text.strip() and text.isprintable()]
    lines = [json.dumps({"text": text, "intent": "alarm", "language": "en"}) for text in texts]
    data.mkdir()
    (data / "train.jsonl").write_text("\n".join(lines), "utf-8")
    (data / "dev.jsonl").write_text(ONE_TEXT, "utf-8")
    # With random weights every decision is a near tie.
    monkeypatch.setitem(SCHEMES, "full-int8", replace(SCHEMES["full-int8"], agreement=0.0))
    options = ("--formats", "onnx", "--quantize", "full-int8", "--data", data)
    done = export(tiny_run, "--out", tmp_path / "bundle", *options)
    assert done.code == 0
    assert "model.onnx still computes in float: Add, " in done.out


def test_samples_beside_the_bundle(export: Command, tiny_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    options = ("--formats", "tflite", "--quantize", "float32")
    done = export(tiny_run, "--out", out, *options, "--embed", "python,android")
    assert done.code == 0
    assert f"python: {out / 'embed' / 'python'}" in done.out
    embedded = out / "embed" / "python" / "bundle" / "model.tflite"
    assert embedded.read_bytes() == (out / "model.tflite").read_bytes()

    (out / "embed" / "python" / "mine.py").write_text("mine", "utf-8")
    assert export(tiny_run, "--out", out, *options).code == 0
    assert (out / "embed" / "python" / "mine.py").exists()


def test_auto_shows_what_it_chose_from(
    export: Command, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "dev.jsonl"
    data.write_text(ONE_TEXT, "utf-8")
    out = tmp_path / "bundle"
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setitem(SCHEMES, "full-int8", replace(SCHEMES["full-int8"], logit_tolerance=0.0))
    monkeypatch.setitem(SCHEMES, "int4", replace(SCHEMES["int4"], agreement=0.0))  # the weights are random
    options = ("--formats", "onnx", "--quantize", "auto", "--data", data)
    done = export(tiny_run, "--out", out, *options)
    assert done.code == 0
    rows = [line.split() for line in done.out.splitlines() if line.strip().startswith("onnx")]
    assert [row[1] for row in rows] == ["float32", "float16", "int8", "int4"]
    assert "refused: model.onnx: " in done.out
    [chosen] = [row[1] for row in rows if row[-1] == "chosen"]
    scheme = json.loads((out / "edgekd.json").read_text("utf-8"))["files"]["model.onnx"]["scheme"]
    assert scheme == SCHEMES[chosen].name


def test_auto_without_a_choice(
    export: Command, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgekd.export import choose

    data = tmp_path / "dev.jsonl"
    data.write_text(ONE_TEXT, "utf-8")
    monkeypatch.setattr(choose, "best", lambda trials, limit: {})
    options = ("--formats", "onnx", "--quantize", "auto", "--data", data)
    done = export(tiny_run, "--out", tmp_path / "bundle", *options)
    assert done.code == 3
    assert "no quantization of onnx loses at most 0.50 points" in done.err
    assert "int4" in done.out
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--quantize", "int3"), 2, "there is no quantization 'int3'"),
        (("--quantize", "auto"), 2, "--quantize auto without --data"),
        (("--quantize", "full-int8"), 2, "no texts are given to calibrate full-int8"),
        (("--max-loss", "1"), 2, "--max-loss without --data"),
        (("--formats", "coreml"), 2, "there is no format coreml"),
        (("--control",), 1, "control.json"),
        (("--data", "nowhere.jsonl"), 1, "nowhere.jsonl"),
        (("--embed", "basic"), 2, "there is no sample basic"),
        (("--embed", "python", "--formats", "onnx"), 2, "reads a tflite file, which the bundle lacks"),
    ],
)
def test_mistakes(
    export: Command,
    options: tuple[str, ...],
    code: int,
    message: str,
    tiny_run: Path,
    tmp_path: Path,
) -> None:
    done = export(tiny_run, "--out", tmp_path / "bundle", *options)
    assert done.code == code
    assert message in done.err
    assert not (tmp_path / "bundle").exists()
