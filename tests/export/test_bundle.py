"""A bundle is whole or not there, and says what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import pytest

import edgekd
from edgekd.data.examples import LabelSet
from edgekd.errors import EdgekdError, ExportError, ParityError, RunError, UsageError
from edgekd.export.bundle import FORMATS, export
from edgekd.files import replacing_folder, sha256
from edgekd.quantize.schemes import SCHEMES
from edgekd.runtime import Bundle
from edgekd.runtime.manifest import OutOfScopeRule
from edgekd.runtime.verify import verify

FLOAT = SCHEMES["float32"]


def test_it_describes_itself(bundle_of: Callable[[str], Path], small_student) -> None:
    folder = bundle_of("int8")
    assert sorted(path.name for path in folder.iterdir()) == [
        "MODEL_CARD.md",
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
        "tokens_10",
        "tokens_20",
    ]
    assert content["checksums"] == {name: sha256(folder / name) for name in ("golden.jsonl", "MODEL_CARD.md")}
    assert "calibration" not in content and "out_of_scope" not in content
    assert not list(folder.parent.glob(".bundle*"))


@pytest.mark.parametrize("scheme", ["float32", "int8"])
def test_it_verifies(bundle_of: Callable[[str], Path], scheme: str) -> None:
    verified = verify(bundle_of(scheme))
    assert [one.file for one in verified] == ["model.tflite", "model.onnx"]
    assert all(one.largest_difference <= one.tolerance for one in verified)


@pytest.mark.parametrize("labels", [LabelSet(("yes", "no")), LabelSet((), ("place",))])
def test_a_student_without_slots_or_labels(labels: LabelSet, make_student: Callable, tmp_path: Path) -> None:
    make_student(labels=labels).save(tmp_path / "run")
    export(tmp_path / "run", tmp_path / "bundle", dict.fromkeys(FORMATS, SCHEMES["float32"]))
    assert len(verify(tmp_path / "bundle")) == 2


def test_what_was_found_on_dev_goes_along(small_student, tmp_path: Path) -> None:
    found = {"temperature": 2.0, "ece": 0.01, "ece_before": 0.05}
    rule = {"label": "music", "threshold": 0.4, "in_scope_refused": 0.1, "recall": None}
    student = replace(small_student, network=keras.models.clone_model(small_student.network))
    student.network.set_weights(small_student.network.get_weights())
    replace(student.calibrated(found), out_of_scope=rule).save(tmp_path / "run")
    export(tmp_path / "run", tmp_path / "bundle", {"onnx": FLOAT})
    content = json.loads((tmp_path / "bundle" / "edgekd.json").read_text("utf-8"))
    assert (content["calibration"], content["out_of_scope"]) == (found, rule)
    bundle = Bundle.load(tmp_path / "bundle")
    [before] = small_student.label(["wake me up"])
    assert bundle.run("wake me up").label_logits == pytest.approx(before.logits / 2, abs=1e-4)
    assert bundle.manifest.out_of_scope == OutOfScopeRule(1, 0.4)


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
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match="is not a bundle"):
        export(tiny_run, tmp_path, {"onnx": FLOAT})
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_run_without_a_student(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"student\.json"):
        export(tmp_path, tmp_path / "bundle", {"onnx": FLOAT})


def test_unknown_formats_and_schemes(tiny_run: Path, tmp_path: Path) -> None:
    from edgekd.export.bundle import export
    from edgekd.quantize.schemes import scheme

    with pytest.raises(UsageError, match="coreml"):
        export(tiny_run, tmp_path / "bundle", {"tflite": FLOAT, "coreml": FLOAT})
    with pytest.raises(UsageError, match="int3"):
        scheme("int3")
