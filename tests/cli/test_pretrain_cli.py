"""`edgekd pretrain`, as typed: by name, resumed, and refused."""

from __future__ import annotations

import json

import pytest

TEXTS = ("wake me up at {}", "play some {} music", "turn the {} light on", "please call {}", "how about {}")
FILLERS = [f"{tens}{ones}" for tens in ("twenty ", "forty ", "") for ones in ("one", "two", "six", "ten")]


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


def test_by_name_and_resumed(edgekd, inputs, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    asked = ("--teacher", inputs / "encoder", "--texts", inputs / "en.txt", "--student", "pqrnn-0.2m")
    done = edgekd("pretrain", *asked, "--name", "small", "--passes", "2", "--layers", "1,2")
    assert done.code == 0, done.err
    assert "texts read 2 times" in done.out
    folder = tmp_path / "edgekd" / "pretrained" / "small"
    card = json.loads((folder / "pretrained.json").read_text())
    assert card["texts"] == 59
    again = edgekd("pretrain", "--resume", folder)
    assert again.code == 0, again.err
    assert json.loads((folder / "pretrained.json").read_text()) == card


def test_states_elsewhere(edgekd, inputs, tmp_path):
    asked = ("--teacher", inputs / "encoder", "--texts", inputs / "en.txt", "--student", "pqrnn-0.2m")
    done = edgekd(
        "pretrain", *asked, "--passes", "1", "--shared", tmp_path / "shared", "--out", tmp_path / "out"
    )
    assert done.code == 0, done.err
    assert list(tmp_path.glob("*/states")) == [tmp_path / "shared" / "states"]
    assert "the teacher reads" in done.err
    (tmp_path / "out" / "pretrained.json").unlink()
    again = edgekd("pretrain", "--resume", tmp_path / "out")
    assert again.code == 0, again.err
    assert "the teacher reads" not in again.err
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
def test_bad_input_is_explained(edgekd, inputs, arguments, code, said):
    done = edgekd("pretrain", *(one.format(inputs) for one in arguments))
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (inputs / "out" / "pretrained.json").exists()
