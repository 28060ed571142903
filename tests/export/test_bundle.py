"""A bundle is whole or not there, and says what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import edgekd
from edgekd.errors import EdgekdError, ExportError, ParityError, RunError, UsageError
from edgekd.files import replacing_folder, sha256
from edgekd.quantize.schemes import SCHEMES
from edgekd.runtime import Bundle

FLOAT = SCHEMES["float32"]


def test_it_describes_itself(bundle_of: Callable[[str], Path], small_student) -> None:
    folder = bundle_of("int8")
    assert sorted(path.name for path in folder.iterdir()) == [
        "edgekd.json",
        "golden.jsonl",
        "model.onnx",
        "model.tflite",
    ]
    content = json.loads((folder / "edgekd.json").read_text("utf-8"))
    assert content["front_end"] == small_student.front_end.as_dict()
    assert content["tags"] == list(small_student.labels.tags)
    assert content["parameters"] == small_student.parameters
    assert set(content["outputs"]) == {"label_logits", "tag_logits", "token_spans", "token_count"}
    assert content["made_with"]["edgekd"] == edgekd.__version__
    for name, file in content["files"].items():
        assert file["scheme"] == "dynamic_wi8_afp32"
        assert (file["bytes"], file["sha256"]) == ((folder / name).stat().st_size, sha256(folder / name))
        assert file["parity"]["largest_difference"] <= SCHEMES["int8"].logit_tolerance
    assert [one["name"] for one in content["files"]["model.tflite"]["signatures"]] == [
        "tokens_12",
        "tokens_20",
    ]
    assert not list(folder.parent.glob(".bundle*"))


def test_golden_vectors_are_what_the_bundle_says(bundle_of: Callable[[str], Path]) -> None:
    bundle = Bundle.load(bundle_of("int8"), "litert")
    lines = [
        json.loads(line) for line in (bundle_of("int8") / "golden.jsonl").read_text("utf-8").splitlines()
    ]
    assert len(lines) >= 60
    for line in lines:
        text = "".join(map(chr, line["codepoints"]))
        assert text == line["text"]
        result = bundle.predict(text)
        assert (list(result.labels), result.truncated) == (line["labels"], line["truncated"])
        assert [[slot.start, slot.end] for slot in result.slots] == [
            [span["start"], span["end"]] for span in line["spans"]
        ]
        assert bundle.run(text).label_logits.tolist() == pytest.approx(line["label_logits"], abs=1e-3)


def test_a_failed_export_leaves_the_old_bundle(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgekd.export import bundle

    out = tmp_path / "bundle"
    bundle.export(tiny_run, out, {"onnx": FLOAT})
    before = (out / "edgekd.json").read_bytes()

    def fail(*args: object) -> None:
        raise ParityError("it differs")

    monkeypatch.setattr(bundle, "check_onnx", fail)
    with pytest.raises(ParityError):
        bundle.export(tiny_run, out, {"onnx": FLOAT})
    with pytest.raises(ParityError):
        bundle.export(tiny_run, tmp_path / "new", {"onnx": FLOAT})
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert (out / "edgekd.json").read_bytes() == before
    Bundle.load(out, "onnxruntime")


def _killed(code: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(edgekd.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == -9


def test_a_killed_export_leaves_the_old_bundle(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    out.mkdir()
    (out / "edgekd.json").write_text("old")
    _killed(
        "import os, signal; from edgekd.files import replacing_folder\n"
        f"with replacing_folder({str(out)!r}) as folder:\n"
        "    (folder / 'edgekd.json').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert (out / "edgekd.json").read_text() == "old"
    with replacing_folder(out) as folder:
        assert not list(folder.iterdir())
        (folder / "edgekd.json").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert (out / "edgekd.json").read_text() == "new"


def test_killed_between_the_two_renames(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    out.mkdir()
    (out / "edgekd.json").write_text("old")
    _killed(
        "import os, pathlib, signal; from edgekd.files import replacing_folder\n"
        "rename = pathlib.Path.rename\n"
        "def kill_at_the_second(self, to):\n"
        "    if self.name.endswith('.new'): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return rename(self, to)\n"
        "pathlib.Path.rename = kill_at_the_second\n"
        f"with replacing_folder({str(out)!r}): pass"
    )
    assert not out.exists()
    with pytest.raises(RuntimeError), replacing_folder(out):
        raise RuntimeError("fails too")
    assert (out / "edgekd.json").read_text() == "old"


def test_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(EdgekdError, match="no space left"), replacing_folder(tmp_path / "bundle"):
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_what_is_not_a_bundle_is_not_replaced(tiny_run: Path, tmp_path: Path) -> None:
    from edgekd.export.bundle import export

    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match="is not a bundle"):
        export(tiny_run, tmp_path, {"onnx": FLOAT})
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_run_without_a_student(tmp_path: Path) -> None:
    from edgekd.export.bundle import export

    with pytest.raises(RunError, match=r"student\.json"):
        export(tmp_path, tmp_path / "bundle", {"onnx": FLOAT})


def test_unknown_formats_and_schemes(tiny_run: Path, tmp_path: Path) -> None:
    from edgekd.export.bundle import export
    from edgekd.quantize.schemes import scheme

    with pytest.raises(UsageError, match="coreml"):
        export(tiny_run, tmp_path / "bundle", {"tflite": FLOAT, "coreml": FLOAT})
    with pytest.raises(UsageError, match="int3"):
        scheme("int3")
