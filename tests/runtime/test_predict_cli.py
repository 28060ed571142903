from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def edgekd(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "edgekd", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_predict_prints_label_and_slots(bundle_folder: Path) -> None:
    done = edgekd("predict", bundle_folder, "wake at 7 30", "no digits")
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        "wake at 7 30",
        "  numbers  98.2%",
        "  number  7 30",
        "no digits",
        "  words  98.2%",
    ]
    assert done.stderr == b""


def test_predict_says_what_is_out_of_scope(bundle_folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(bundle_folder, tmp_path / "bundle", ignore=shutil.ignore_patterns("saved"))
    content = json.loads((copied / "edgekd.json").read_text("utf-8"))
    content["out_of_scope"] = {"label": "words", "threshold": 0.5}
    (copied / "edgekd.json").write_text(json.dumps(content), "utf-8")
    done = edgekd("predict", copied, "a 7", "no digits")
    assert done.stdout.decode().splitlines() == [
        "a 7",
        "  numbers  98.2%",
        "  number  7",
        "no digits",
        "  words  98.2%",
        "  (out of scope: 98.2%)",
    ]


def test_predict_reads_lines_and_writes_json(bundle_folder: Path) -> None:
    done = edgekd("predict", bundle_folder, "--json", stdin=b"a 7\n\n\xff \xed\xa0\x80 8\r\n" + b"x\0 9\n")
    results = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [result["slots"][0]["text"] for result in results] == ["7", "8", "9"]
    assert results[0]["labels"] == ["numbers"]


def test_arguments_that_are_not_utf8(bundle_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgekd", "predict", str(bundle_folder), b"\xff 7"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"number  7" in done.stdout


def test_a_bad_bundle_is_one_message_and_exit_code_1(tmp_path: Path) -> None:
    done = edgekd("predict", tmp_path, "hello")
    assert done.returncode == 1
    assert b"is not a bundle" in done.stderr
    assert b"Traceback" not in done.stderr


def test_starting_takes_under_a_second(bundle_folder: Path) -> None:
    """Of processor time, of which other work on the machine takes none."""
    for arguments in (["--help"], ["predict", bundle_folder, "a 7"]):
        before = os.times()
        assert edgekd(*arguments).returncode == 0
        after = os.times()
        spent = after.children_user - before.children_user + after.children_system - before.children_system
        assert spent < 1.0, arguments
