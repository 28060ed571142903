from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.data.examples import Example, Span, Task
from edgekd.data.load import Columns, load_dataset
from edgekd.data.readers import detect, massive, mtop


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
        return path

    return write


def rows(*objects: object) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects)


def test_jsonl_in_the_native_form(write, tmp_path):
    row = {
        "text": "wake me at six",
        "language": "en",
        "labels": ["set_alarm"],
        "spans": [{"start": 11, "end": 14, "slot": "time"}],
    }
    write("train.jsonl", rows(row))
    write("valid.jsonl.gz", rows(row | {"language": "en-GB"}))
    dataset = load_dataset(str(tmp_path))
    assert dataset.task is Task.JOINT
    assert dataset.splits["train"] == [
        Example("wake me at six", "en", ("set_alarm",), (Span(11, 14, "time"),))
    ]
    assert dataset.splits["dev"][0].language == "en-GB"
    assert dataset.languages == ("en", "en-GB")
    assert (dataset.labels.labels, dataset.labels.slots) == (("set_alarm",), ("time",))


@pytest.mark.parametrize(
    ("row", "task", "labels"),
    [
        ({"text": "a", "label": "x"}, Task.CLASSIFICATION, ("x",)),
        ({"utterance": "a", "intent": 3, "lang": "de"}, Task.CLASSIFICATION, ("3",)),
        ({"sentence": "a", "labels": ["y", "x"]}, Task.MULTILABEL, ("x", "y")),
        ({"text": "a", "label": "x", "slots": [{"start": 0, "end": 1, "label": "s"}]}, Task.JOINT, ("x",)),
        ({"text": "a", "entities": [{"start": 0, "end": 1, "slot": "s"}]}, Task.TAGGING, ()),
        ({"tokens": ["a", "b"], "tags": ["O", "B-s"]}, Task.TAGGING, ()),
    ],
)
def test_usual_column_names_and_the_task_they_make(write, row, task, labels):
    dataset = load_dataset(str(write("train.jsonl", rows(row))))
    assert dataset.task is task
    assert dataset.splits["train"][0].labels == labels


def test_columns_by_name(write):
    path = write(
        "train.jsonl", rows({"text": "not this", "words_said": "this", "kind": "x", "where": "pt-BR"})
    )
    columns = Columns(text="words_said", label="kind", language="where")
    assert load_dataset(str(path), columns=columns).splits["train"] == [Example("this", "pt-BR", ("x",))]


def test_csv_with_quotes_newlines_and_a_byte_order_mark(write):
    path = write("dev.csv", '\ufefftext,label\r\n"one, two",a\r\n\r\n"three\r\nfour",b\r\n')
    examples = load_dataset(str(path)).splits["dev"]
    assert [(example.text, example.labels) for example in examples] == [
        ("one, two", ("a",)),
        ("three\nfour", ("b",)),
    ]


def test_tsv_and_several_labels_in_a_cell(write):
    path = write("train.tsv", "text\tlabel\none\ta|b\ntwo\t\nthree\tb\n")
    dataset = load_dataset(str(path), columns=Columns(separator="|"))
    assert dataset.task is Task.MULTILABEL
    assert [example.labels for example in dataset.splits["train"]] == [("a", "b"), (), ("b",)]


def test_csv_with_spans_as_json(write):
    path = write(
        "train.csv", 'text,intent,slots\nin rome,go,"[{""start"":3,""end"":7,""slot"":""city""}]"\nup,go,\n'
    )
    assert [example.spans for example in load_dataset(str(path)).splits["train"]] == [
        (Span(3, 7, "city"),),
        (),
    ]


def test_csv_with_a_very_long_cell(write):
    path = write("train.csv", f"text,label\n{'a' * 200_000},x\n")
    assert len(load_dataset(str(path)).splits["train"][0].text) == 200_000


def test_conll(write):
    path = write(
        "train.conll",
        "-DOCSTART- -X- O O\n\n# id 1\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\nGerman JJ B-NP B-MISC\n\n"
        "# NN O O\n",
    )
    dataset = load_dataset(str(path))
    assert dataset.task is Task.TAGGING
    assert dataset.splits["train"] == [
        Example("EU rejects German", spans=(Span(0, 2, "ORG"), Span(11, 17, "MISC"))),
        Example("#"),
    ]


def test_the_triple_of_snips(write, tmp_path):
    for split in ("train", "valid"):
        write(f"{split}/seq.in", "play  some jazz \nstop\n")
        write(f"{split}/seq.out", "O O B-genre \nO\n")
        write(f"{split}/label", "PlayMusic\nStop\n")
    dataset = load_dataset(str(tmp_path))
    assert list(dataset.splits) == ["train", "dev"]
    assert dataset.splits["dev"] == [
        Example("play some jazz", labels=("PlayMusic",), spans=(Span(10, 14, "genre"),)),
        Example("stop", labels=("Stop",)),
    ]
    assert load_dataset(str(tmp_path / "train")).splits == {"train": dataset.splits["train"]}


def massive_row(locale: str, partition: str, utt: str, annot_utt: str, intent: str = "alarm_set") -> dict:
    return {
        "id": "1",
        "locale": locale,
        "partition": partition,
        "scenario": "alarm",
        "intent": intent,
        "utt": utt,
        "annot_utt": annot_utt,
    }


def test_massive(write, tmp_path):
    english = massive_row("en-US", "train", "wake me up at nine am", "wake me up at [time : nine am]")
    write(
        "en-US.jsonl.gz",
        rows(english, english | {"partition": "dev"}, english | {"annot_utt": "another text"}),
    )
    write(
        "ja-JP.jsonl.gz",
        rows(massive_row("ja-JP", "train", "金曜日に起こして", "[date : 金曜日] に起こして")),
    )
    dataset = load_dataset(str(tmp_path))
    assert dataset.splits["train"] == [
        Example("wake me up at nine am", "en-US", ("alarm_set",), (Span(14, 21, "time"),)),
        Example("金曜日に起こして", "ja-JP", ("alarm_set",), (Span(0, 3, "date"),)),
    ]
    assert len(dataset.splits["dev"]) == 1
    assert dataset.skipped == {"annotation differs from its text": 1}
    assert load_dataset(str(tmp_path), languages=["ja"]).languages == ("ja-JP",)


pieces = st.lists(
    st.tuples(st.text("ab é日 ", max_size=4), st.text("cd ไทย ", min_size=1, max_size=4)), max_size=4
)


@given(pieces)
def test_massive_spans_hold_the_words_that_were_marked(pieces):
    text = "".join(before + words for before, words in pieces)
    annotated = "".join(f"{before} [slot : {words}] " for before, words in pieces)
    spans = massive.locate(annotated, text)
    assert [text[span.start : span.end] for span in spans] == [
        words.strip() for _, words in pieces if words.strip()
    ]


def test_mtop(write):
    path = write(
        "train.jsonl",
        rows(
            {
                "question": "remind me to call Ella's mom, next Tuesday",
                "logical_form": "[IN:CREATE_REMINDER [SL:PERSON_REMINDED me ] [SL:TODO [IN:CREATE_CALL "
                "[SL:CONTACT [IN:GET_CONTACT [SL:CONTACT_RELATED Ella 's ] [SL:TYPE_RELATION mom ] ] ] ] ] "
                "[SL:DATE_TIME next Tuesday ] ]",
            },
            {"question": "hang up", "logical_form": "[IN:END_CALL ]"},
            {"question": "call Bo", "logical_form": "[IN:CREATE_CALL [SL:CONTACT Ann ] ]"},
        ),
    )
    dataset = load_dataset(str(path))
    first, second = dataset.splits["train"]
    assert [(span.slot, first.text[span.start : span.end]) for span in first.spans] == [
        ("PERSON_REMINDED", "me"),
        ("TODO", "Ella's mom"),
        ("DATE_TIME", "next Tuesday"),
    ]
    assert (first.language, first.labels) == ("en", ("CREATE_REMINDER",))
    assert (second.labels, second.spans) == (("END_CALL",), ())
    assert dataset.skipped == {"slot words not found in the text": 1}


def test_mtop_finds_whole_words_and_slots_out_of_order():
    assert mtop.locate([("A", [["me"]])], "some home for me") == [Span(14, 16, "A")]
    assert mtop.locate([("A", [["b"]]), ("B", [["a"]])], "a b") == [Span(0, 1, "B"), Span(2, 3, "A")]
    assert mtop.locate([("A", [["a"]]), ("B", [["a"]])], "a b") is None


def test_clinc_with_out_of_scope(write):
    content = {
        "train": [["say hi in french", "translate"]],
        "val": [["one", "translate"]],
        "oos_train": [["what is love", "oos"]],
        "oos_val": [["two", "oos"]],
    }
    dataset = load_dataset(str(write("data.json", json.dumps(content))))
    assert dataset.task is Task.CLASSIFICATION
    assert {split: len(examples) for split, examples in dataset.splits.items()} == {"train": 2, "dev": 2}
    assert dataset.labels.labels == ("oos", "translate")
    assert (
        load_dataset(str(write("data.json", json.dumps(content)).parent)).fingerprint()
        == dataset.fingerprint()
    )


def test_hugging_face_saved(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])}
    )
    train = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    unlabelled = datasets.Dataset.from_dict({"text": ["c"], "label": [-1]}, features=features)
    datasets.DatasetDict(train=train, validation=train, test=unlabelled).save_to_disk(str(tmp_path / "saved"))
    dataset = load_dataset(str(tmp_path / "saved"))
    assert dataset.splits["train"] == [Example("a", labels=("yes",)), Example("b", labels=("no",))]
    assert set(dataset.splits) == {"train", "dev"}
    assert dataset.skipped == {"no label": 1}


def test_hugging_face_by_name_with_tags(monkeypatch):
    datasets = pytest.importorskip("datasets")
    tags = datasets.Sequence(datasets.ClassLabel(names=["O", "B-PER"]))
    features = datasets.Features({"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": tags})
    data = datasets.Dataset.from_dict({"tokens": [["hi", "Bo"]], "ner_tags": [[0, 1]]}, features=features)
    asked = []

    def load(name: str, configuration: str | None):
        asked.append((name, configuration))
        return datasets.DatasetDict(train=data)

    monkeypatch.setattr(datasets, "load_dataset", load)
    dataset = load_dataset("owner/names:en")
    assert asked == [("owner/names", "en")]
    assert dataset.splits["train"] == [Example("hi Bo", spans=(Span(3, 5, "PER"),))]


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("x.jsonl", '{"text": "a"}\n', "jsonl"),
        ("x.jsonl", rows(massive_row("en-US", "train", "a", "a")), "massive"),
        ("x.jsonl", '{"question": "a", "logical_form": "b"}\n', "mtop"),
        ("x.CSV", "text,label\n", "csv"),
        ("x.tsv.gz", "text\tlabel\n", "csv"),
        ("x.bio", "a O\n", "conll"),
        ("data.json", "{}", "clinc"),
        ("data_full.json", "{}", "clinc"),
    ],
)
def test_detection(write, name, content, format):
    assert detect(str(write(name, content))) == format


def test_files_named_like_splits_come_before_others(write, tmp_path):
    write("train.jsonl", rows({"text": "a", "label": "x"}))
    write("labels.jsonl", rows({"name": "x"}))
    assert list(load_dataset(str(tmp_path)).splits) == ["train"]
