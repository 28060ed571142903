"""`edgekd label`, as typed: labelled, continued, used as a teacher, and refused."""

from __future__ import annotations

import json
import sys

import pytest

WORDS = ("wake me up", "play some jazz", "turn the light on", "call my mother")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Plain text, labelled text, and a classifier of random weights."""
    pytest.importorskip("torch")
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from edgekd.teachers.fresh import Size, new_encoder
    from edgekd.teachers.subwords import load_tokenizer

    folder = tmp_path_factory.mktemp("label")
    plain = [f"{words} {number}" for words in WORDS for number in range(10)]
    (folder / "en.txt").write_text("\n".join(plain))
    rows = [{"text": text, "labels": ["a" if "me" in text else "b"]} for text in ("wake me", "go", plain[0])]
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    new_encoder(Size(32, 1, 2, 300), plain, folder / "encoder", max_length=32, seed=0)
    config = AutoConfig.from_pretrained(folder / "encoder")
    config.id2label, config.label2id = {0: "a", 1: "b"}, {"a": 0, "b": 1}
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder / "teacher")
    load_tokenizer(str(folder / "encoder")).save_pretrained(folder / "teacher")
    return folder


def test_labels_are_stored_once_and_are_a_teacher(edgekd, inputs, tmp_path):
    from edgekd.teachers import load_teacher

    store = tmp_path / "store"
    asked = ("label", "--teacher", inputs / "teacher", "--out", store, "--texts", inputs / "en.txt")
    done = edgekd(*asked)
    assert done.code == 0, done.err
    assert "(40 texts)" in done.out
    before = {path.name: path.stat().st_mtime_ns for path in store.iterdir()}
    again = edgekd(*asked, "--data", inputs / "train.jsonl")
    assert again.code == 0, again.err
    assert "(42 texts)" in again.out
    assert "2/2" in again.err
    assert before.items() <= {path.name: path.stat().st_mtime_ns for path in store.iterdir()}.items()
    stored = load_teacher(store)
    assert len(list(stored.label(["wake me", "call my mother 9"]))) == 2
    other = edgekd(*asked, "--precision", "bf16" if stored_in_float32(inputs, store) else "float32")
    assert other.code == 1
    assert "another teacher" in other.err


def stored_in_float32(inputs, store):
    """What `auto` chose here."""
    from edgekd.teachers import load_teacher
    from edgekd.teachers.shard import read_meta

    meta = read_meta(next(store.glob("labels-*.parquet")))
    return meta["fingerprint"] == load_teacher(inputs / "teacher", "float32").fingerprint


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "nothing to label"),
        (("--texts", "{}/none.txt"), 1, "none.txt"),
        (("--texts", "{}/en.txt", "--precision", "int4"), 2, "'int4'"),
        (("--texts", "{}/en.txt", "--ray", "auto"), 1, "pip install 'edgekd[ray]'"),
    ],
)
def test_bad_input_is_explained(edgekd, inputs, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.setitem(sys.modules, "ray", None)
    given = ("--teacher", inputs / "teacher", "--out", tmp_path / "out")
    done = edgekd("label", *given, *(one.format(inputs) for one in arguments))
    assert done.code == code
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()
