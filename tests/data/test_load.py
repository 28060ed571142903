from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from edgekd.data.examples import Task
from edgekd.data.load import Columns, load_dataset, read_texts
from edgekd.errors import DataError, UsageError

JOINT = {"text": "in rome", "label": "go", "spans": [{"start": 3, "end": 7, "slot": "city"}]}


def test_a_csv_without_the_named_column_names_those_it_has(tmp_path: Path):
    path = tmp_path / "train.csv"
    path.write_text("utterance,intent,notes\na,b,c\n")
    with pytest.raises(
        DataError, match=r"no column 'sentence'; its columns are: 'utterance', 'intent', 'notes'"
    ):
        load_dataset(str(path), columns=Columns(text="sentence"))
    with pytest.raises(DataError, match=r"--label-column"):
        load_dataset(str(path), columns=Columns(label="label"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train.jsonl", b"", "train.jsonl is empty"),
        ("train.csv", b"", "train.csv is empty"),
        ("train.csv", b"text,label\n", "holds no examples"),
        ("train.jsonl", b'{"text": "  ", "label": "x"}\n', "holds no examples: skipped 1 with empty text"),
        ("train.jsonl", b'{"text": "a", "label": "x"}\n{"text": \n', "train.jsonl line 2 is not JSON"),
        ("train.jsonl", b'["a", "x"]\n', "line 1 is not a JSON object"),
        ("train.jsonl", b'{"text": "a"}\n', "no column of labels or spans; its columns are: 'text'"),
        ("train.jsonl", b'{"label": "a"}\n', "no column of text"),
        ("train.jsonl", b'{"text": 1, "label": "a"}\n', "line 1: the text is 1"),
        ("train.jsonl", b'{"text": "a", "label": "x"}\n{"text": "b"}\n', "line 2: there is no label"),
        ("train.jsonl", b'{"text": "a", "label": {"x": 1}}\n', "line 1: the label is"),
        ("train.jsonl", b'{"text": "a", "spans": [{"start": 0}]}\n', "line 1: the spans are"),
        (
            "train.jsonl",
            b'{"text": "a", "spans": [{"start": 0, "end": Infinity, "slot": "s"}]}\n',
            "spans are",
        ),
        ("train.jsonl", b'{"tokens": ["a"], "tags": []}\n', "line 1: 1 tokens and 0 tags"),
        ("train.jsonl", b'{"text": "a", "spans": []}\n', "has no labels"),
        ("train.jsonl", "{'text': 'é'}".encode("latin1"), "line 1 is not UTF-8"),
        ("train.csv", b"text,label\na,b\nc,d,e\n", "line 3 has 3 cells, the header has 2"),
        ("train.csv", b'text,label\n"a"b,c\n', "line 2"),
        ("train.conll", b"EU B-ORG\nrejects\n", "line 2 is 'rejects'"),
        ("data.json", b"[1, 2]", "is not CLINC's data.json"),
        ("train.jsonl.gz", b"plain", "cannot read"),
        ("train.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 99, mtime=0)[:-9], "cannot read"),
        ("train.xlsx", b"PK", "no format that is recognised"),
    ],
)
def test_bad_files_are_explained(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_dataset(str(tmp_path / name))


@pytest.mark.parametrize(("start", "end"), [(3, 8), (-1, 2), (5, 5), (6, 4)])
def test_a_span_outside_its_text(tmp_path, start, end):
    path = tmp_path / "train.jsonl"
    bad = JOINT | {"spans": [{"start": start, "end": end, "slot": "city"}]}
    path.write_text(json.dumps(JOINT) + "\n" + json.dumps(bad) + "\n")
    with pytest.raises(DataError) as error:
        load_dataset(str(path))
    assert f"{path} line 2: span {start}:{end} of slot 'city' is not inside its text of 7" in str(error.value)


def test_overlapping_spans(tmp_path):
    spans = [{"start": 3, "end": 7, "slot": "city"}, {"start": 0, "end": 4, "slot": "place"}]
    (tmp_path / "train.jsonl").write_text(json.dumps(JOINT | {"spans": spans}))
    with pytest.raises(DataError, match=r"line 1: span 3:7 of slot 'city' overlaps"):
        load_dataset(str(tmp_path))


@pytest.mark.parametrize("missing", ["nothing.csv", "nothing", "/nothing/at/all"])
@pytest.mark.parametrize("format", [None, "jsonl", "triple", "clinc"])
def test_a_missing_source(missing, format):
    with pytest.raises(DataError, match=f"there is no file or folder {missing}"):
        load_dataset(missing, format=format)


def test_an_empty_folder_and_an_unknown_format(tmp_path):
    with pytest.raises(DataError, match="found: nothing"):
        load_dataset(str(tmp_path))
    with pytest.raises(UsageError, match="one of jsonl, csv"):
        load_dataset(str(tmp_path), format="excel")


def test_the_triple_with_files_of_unequal_length(tmp_path):
    for name, content in {"seq.in": "a\nb\n", "seq.out": "O\nO\n", "label": "x\n"}.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match="one ends before line 2"):
        load_dataset(str(tmp_path))
    (tmp_path / "label").write_text("x\ny\n")
    (tmp_path / "seq.out").write_text("O\nO O\n")
    with pytest.raises(DataError, match=r"line 2: 1 words in seq.in and 2 tags"):
        load_dataset(str(tmp_path))


def test_two_files_for_one_split(tmp_path):
    for name in ("dev.jsonl", "valid.jsonl"):
        (tmp_path / name).write_text(json.dumps(JOINT))
    with pytest.raises(DataError, match=r"2 files for the split 'dev': dev.jsonl, valid.jsonl"):
        load_dataset(str(tmp_path))


def test_a_language_that_is_not_there_names_those_that_are(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "a", "language": "de-AT", "label": "x"}\n')
    assert load_dataset(str(tmp_path), languages=["de"]).languages == ("de-AT",)
    with pytest.raises(DataError, match="nothing in fr\nexpected: languages among de-AT"):
        load_dataset(str(tmp_path), languages=["fr"])


def test_the_task_may_be_forced(tmp_path):
    (tmp_path / "train.jsonl").write_text(json.dumps(JOINT) + "\n")
    source = str(tmp_path)
    assert load_dataset(source, task=Task.CLASSIFICATION).splits["train"][0].spans == ()
    assert load_dataset(source, task=Task.TAGGING).splits["train"][0].labels == ()
    assert load_dataset(source, task=Task.MULTILABEL).labels.labels == ("go",)


def test_a_task_the_data_cannot_have(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "a", "labels": ["x", "y"]}\n')
    with pytest.raises(DataError, match="exactly one label"):
        load_dataset(str(tmp_path), task=Task.CLASSIFICATION)
    with pytest.raises(DataError, match="has no slots"):
        load_dataset(str(tmp_path), task=Task.TAGGING)


def test_surrogates_and_nul_are_kept(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "a\\ud800\\u0000b", "label": "\\udfff"}\n')
    dataset = load_dataset(str(tmp_path))
    assert dataset.splits["train"][0].text == "a\ud800\0b"
    assert len(dataset.fingerprint()) == 16


def test_the_fingerprint_follows_the_content_not_the_place(tmp_path):
    for name, text in {"a": "one", "b": "one", "c": "two"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.jsonl").write_text(json.dumps({"text": text, "label": "x"}))
    first, same, other = (load_dataset(str(tmp_path / name)).fingerprint() for name in "abc")
    assert first == same != other


def test_labels_are_those_of_train(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "a", "label": "x"}\n')
    (tmp_path / "dev.jsonl").write_text('{"text": "b", "label": "y"}\n')
    assert load_dataset(str(tmp_path)).labels.labels == ("x",)
    assert load_dataset(str(tmp_path / "dev.jsonl")).labels.labels == ("y",)


def test_texts_of_a_folder(tmp_path):
    (tmp_path / "pt-BR.txt.gz").write_bytes(gzip.compress("olá\n\n  \ntchau\n".encode()))
    (tmp_path / "more.jsonl").write_text('{"text": "hi", "language": "en"}\n{"text": "", "language": "en"}\n')
    (tmp_path / "de.csv").write_text("sentence\nhallo\n")
    assert read_texts(str(tmp_path)) == [("hallo", "de"), ("hi", "en"), ("olá", "pt-BR"), ("tchau", "pt-BR")]
    assert read_texts(str(tmp_path), languages=["pt"]) == [("olá", "pt-BR"), ("tchau", "pt-BR")]
    with pytest.raises(DataError, match="nothing in ja"):
        read_texts(str(tmp_path), languages=["ja"])


def test_texts_of_labelled_data(tmp_path):
    (tmp_path / "train.jsonl").write_text(json.dumps(JOINT))
    assert read_texts(str(tmp_path / "train.jsonl")) == [("in rome", "und")]
    with pytest.raises(DataError, match="no column 'body'"):
        read_texts(str(tmp_path / "train.jsonl"), columns=Columns(text="body"))
    with pytest.raises(DataError, match="there is no file"):
        read_texts(str(tmp_path / "nothing.txt"))
