"""`edgekd pretrain` as a process: by name, resumed, and refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

TEXTS = ("wake me up at {}", "play some {} music", "turn the {} light on", "please call {}", "how about {}")
FILLERS = [f"{tens}{ones}" for tens in ("twenty ", "forty ", "") for ones in ("one", "two", "six", "ten")]


def edgekd(*arguments, env=None):
    command = [sys.executable, "-m", "edgekd", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Plain text, and an encoder of random weights."""
    pytest.importorskip("torch")
    from edgekd.teachers.fresh import Size, new_encoder

    folder = tmp_path_factory.mktemp("pretrain")
    plain = [text.format(filler) for text in TEXTS for filler in FILLERS]
    (folder / "en.txt").write_text("\n".join(plain))
    new_encoder(Size(32, 2, 2, 300), plain, folder / "encoder", max_length=32, seed=0)
    return folder


def test_by_name_and_resumed(inputs, tmp_path):
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    asked = ("--teacher", inputs / "encoder", "--texts", inputs / "en.txt", "--student", "pqrnn-0.2m")
    done = edgekd("pretrain", *asked, "--name", "small", "--passes", "2", "--layers", "1,2", env=env)
    assert done.returncode == 0, done.stderr
    assert "texts read 2 times" in done.stdout
    folder = tmp_path / "edgekd" / "pretrained" / "small"
    card = json.loads((folder / "pretrained.json").read_text())
    assert card["texts"] == 59
    again = edgekd("pretrain", "--resume", folder, env=env)
    assert again.returncode == 0, again.stderr
    assert json.loads((folder / "pretrained.json").read_text()) == card


def test_states_elsewhere(inputs, tmp_path):
    asked = ("--teacher", inputs / "encoder", "--texts", inputs / "en.txt", "--student", "pqrnn-0.2m")
    done = edgekd(
        "pretrain", *asked, "--passes", "1", "--shared", tmp_path / "shared", "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("*/states")) == [tmp_path / "shared" / "states"]
    assert "the teacher reads" in done.stderr
    (tmp_path / "out" / "pretrained.json").unlink()
    again = edgekd("pretrain", "--resume", tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert "the teacher reads" not in again.stderr
    assert not (tmp_path / "out" / "states").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--teacher, --texts, --out is missing"),
        (("--teacher", "nowhere", "--texts", "{}/en.txt", "--out", "{}/out"), 1, "nowhere"),
        (("--teacher", "{}/encoder", "--texts", "{}/none.txt", "--out", "{}/out"), 1, "none.txt"),
        (
            ("--teacher", "{}/encoder", "--texts", "{}/en.txt", "--out", "{}/out", "--layers", "9"),
            2,
            "layer 9",
        ),
        (("--teacher", "{}/encoder", "--texts", "{}/en.txt", "--out", "{}/out", "--layers", "x"), 2, "'x'"),
        (
            ("--teacher", "{}/encoder", "--texts", "{}/en.txt", "--out", "{}/out", "--limit", "9"),
            1,
            "9 texts",
        ),
        (("--resume", "{}/encoder"), 1, "holds no run"),
    ],
)
def test_bad_input_is_explained(inputs, arguments, code, said):
    done = edgekd("pretrain", *(one.format(inputs) for one in arguments))
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (inputs / "out" / "pretrained.json").exists()
