"""export/python, as an app developer gets it, on the last tflite-runtime with numpy below 2."""

from __future__ import annotations

import subprocess
from pathlib import Path

from edgekd.export.embed import embed


def unittest(python: Path, folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = [python, "-m", "unittest", "-v", *tests]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_samples_own_tests(old_python: Path, golden_bundle: Path) -> None:
    [folder] = embed(golden_bundle, ["python"])
    done = unittest(old_python, folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("... ok") == 12


def test_decoding_of_every_task(old_python: Path, random_bundle: Path) -> None:
    [folder] = embed(random_bundle, ["python"])
    done = unittest(old_python, folder, "test_intents.Decoding")
    assert done.returncode == 0, done.stderr


def test_a_wrong_answer_is_noticed(old_python: Path, wrong_bundle: Path) -> None:
    [folder] = embed(wrong_bundle, ["python"])
    done = unittest(old_python, folder, "test_intents.Decoding")
    assert done.returncode != 0
    assert "FAIL: test_golden_logits" in done.stderr
