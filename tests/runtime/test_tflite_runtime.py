"""The last tflite-runtime needs numpy below 2, so an environment of its own: made once, kept in the cache."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import edgekd
from edgekd.runtime import Bundle

TEXTS = ["wake at 7 30", "", "a b c d 5", "a b c d e f g h 9", "\U0001f600 7"]


def _run(python: Path, code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(edgekd.__file__).parents[1])}
    return subprocess.run([python, "-c", code], capture_output=True, text=True, env=environment, check=False)


def test_it_gives_what_litert_gives(old_python: Path, bundle_folder: Path) -> None:
    code = (
        "import json; from edgekd.runtime import Bundle\n"
        f"bundle = Bundle.load({str(bundle_folder)!r})\n"
        "assert bundle.runtime.name == 'tflite-runtime'\n"
        f"print(json.dumps([bundle.predict(text).to_dict() for text in {TEXTS!r}]))"
    )
    done = _run(old_python, code)
    assert done.returncode == 0, done.stderr
    litert = Bundle.load(bundle_folder, "litert")
    for old, text in zip(json.loads(done.stdout), TEXTS, strict=True):
        new = litert.predict(text)
        assert old.pop("scores") == pytest.approx(new.scores, abs=1e-6)
        assert old.items() <= json.loads(json.dumps(new.to_dict())).items()


def test_no_runtime_for_a_bundle_with_onnx_alone(
    old_python: Path, bundle_folder: Path, tmp_path: Path
) -> None:
    content = json.loads((bundle_folder / "edgekd.json").read_text("utf-8"))
    content["files"] = {"model.onnx": content["files"]["model.onnx"]}
    (tmp_path / "edgekd.json").write_text(json.dumps(content), "utf-8")
    done = _run(old_python, f"from edgekd.runtime import Bundle; Bundle.load({str(tmp_path)!r})")
    assert "BundleError" in done.stderr
    assert "pip install onnxruntime" in done.stderr
