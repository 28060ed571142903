from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.peers import averaged, encoders, fasttext, lstm, model2vec, same_shape, student, teacher, tfidf
from bench.peers.peer import Peer
from bench.peers.sources import Sources
from bench.peers.words import spaced, words_of
from edgekd.data.examples import Dataset, Prediction, Span, Task
from edgekd.errors import ParityError, UsageError
from edgekd.metrics import score
from tests.bench.peers.conftest import ODD

PACKAGES = {
    fasttext: "fasttext",
    tfidf: "sklearn",
    model2vec: "model2vec",
    averaged: "tensorflow",
    lstm: "torch",
}


@pytest.fixture(scope="module", params=PACKAGES, ids=lambda module: module.__name__.rpartition(".")[2])
def trained(request: pytest.FixtureRequest, sources: Sources) -> Peer:
    pytest.importorskip(PACKAGES[request.param])
    return request.param.build(sources)


def test_a_trained_peer_learns_and_takes_any_text(trained: Peer, sources: Sources) -> None:
    predict = trained.load()
    said = [predict(one.text) for one in sources.judged]
    task = Task.JOINT if trained.slots else Task.CLASSIFICATION
    assert trained.trained
    assert score(task, sources.judged, said).overall["accuracy"] > 0.9
    if trained.slots:
        assert score(task, sources.judged, said).overall["span_f1"] > 0.9
    for text in ODD:
        answer = predict(text)
        assert answer.labels[0] in sources.dataset.labels.labels
        assert all(span.end <= len(text) for span in answer.spans)
    assert predict(sources.judged[0].text) == said[0]


@pytest.mark.parametrize("front", ["projection", "pieces"])
def test_a_student_in_the_shape_of_a_peer_takes_any_text(front: str, sources: Sources, monkeypatch) -> None:
    monkeypatch.setitem(same_shape.KEYS, f"{front}-tiny", (front, "tiny"))
    made = same_shape.build(sources, f"{front}-tiny")
    predict = made.load()
    for text in ODD:
        assert predict(text).labels[0] in sources.dataset.labels.labels
    assert not made.trained and made.bytes > 10_000
    content = json.loads((made.folder / "edgekd.json").read_text())
    assert ("word_pieces" in content["front_end"]) is (front == "pieces")


def test_a_peer_is_as_large_as_its_files_and_survives_json(trained: Peer) -> None:
    assert trained.bytes == sum((trained.folder / name).stat().st_size for name in trained.files) > 0
    there = {path.name for path in trained.folder.iterdir()}
    # All that was kept is needed, but for the settings and what the library says of its model.
    assert there - set(trained.files) <= {"settings.json", "README.md", "modules.json"}
    assert Peer.from_json(json.loads(json.dumps(trained.to_json()))) == trained


def test_what_was_made_is_made_anew_only_for_other_settings_or_data(sources: Sources) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "model").write_text(str(len(made)))

    first = sources.keep("something", {"lr": (1, 2)}, make)
    assert sources.keep("something", {"lr": (1, 2)}, make) == first
    assert (first / "model").read_text() == "1"
    sources.keep("something", {"lr": (1, 3)}, make)
    fewer = {**sources.dataset.splits, "train": sources.train[:-1]}
    replace(sources, dataset=replace(sources.dataset, splits=fewer)).keep("something", {"lr": (1, 3)}, make)
    assert (first / "model").read_text() == str(len(made)) == "3"


def test_the_exported_teacher_says_what_the_teacher_says(sources: Sources) -> None:
    pytest.importorskip("onnxscript")
    peers = [
        teacher.build(sources),
        *(teacher.exported(f"teacher-{one}")(sources) for one in ("onnx", "int8")),
    ]
    pytorch, float32, int8 = (peer.load() for peer in peers)
    texts = [one.text for one in sources.judged]
    assert [float32(text) for text in texts] == [pytorch(text) for text in texts]
    for text in ODD:
        assert float32(text) == pytorch(text)
        int8(text)
    assert peers[2].bytes < peers[1].bytes
    assert all(peer.slots and peer.trained for peer in peers)


def test_an_export_that_says_something_else_is_refused(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxscript")
    monkeypatch.setattr(teacher, "load", lambda folder, file: lambda text: Prediction(("neither",)))
    with pytest.raises(ParityError, match="40 of 40 texts are labelled otherwise"):
        teacher.exported("teacher-onnx")(replace(sources, work=tmp_path))


def test_a_shape_is_timed_on_its_own_sub_words(sources: Sources) -> None:
    pytest.importorskip("onnxscript")
    peer = encoders.builder("tiny")(sources)
    predict = peer.load()
    assert not peer.trained
    assert {len(predict(text).labels) for text in (*ODD, "wake me up")} == {1}
    assert peer.files == ("model.int8.onnx", "tokenizer.json")


def test_the_network_reads_the_ids(sources: Sources) -> None:
    """PyTorch's exporter takes one tensor given twice for one input, and the mask for the ids."""
    pytest.importorskip("onnxscript")
    import numpy as np

    from bench.peers.onnx_file import INT8, OnnxFile

    network = OnnxFile(encoders.builder("tiny")(sources).folder / INT8)
    mask = np.ones((1, 4), np.int64)
    one, other = (network(ids=mask * number, mask=mask)["label_logits"] for number in (5, 9))
    assert (one != other).any()


def test_the_students_copies_say_what_it_says(sources: Sources) -> None:
    peers = [build(sources) for build in (student.build, student.one_length, student.onnx)]
    first, *others = (peer.load() for peer in peers)
    for text in [*(one.text for one in sources.judged), *ODD[:-2]]:
        assert all(other(text) == first(text) for other in others)
    assert peers[0].bytes == sum((sources.bundle / name).stat().st_size for name in peers[0].files)


def test_words() -> None:
    assert words_of("Wake me at 7:30!") == (
        ["wake", "me", "at", "0", ":", "00", "!"],
        [(0, 4), (5, 7), (8, 10), (11, 12), (12, 13), (13, 15), (15, 16)],
    )
    assert spaced("\ud800 A\nb") == "\ufffd a b"
    assert words_of("") == ([], [])


@pytest.mark.parametrize("task", [Task.TAGGING, Task.MULTILABEL])
def test_other_tasks_are_refused(sources: Sources, task: Task) -> None:
    with pytest.raises(UsageError, match=f"read as {task}"):
        replace(sources, dataset=replace(sources.dataset, task=task))


def test_without_a_train_split_there_is_nothing_to_learn_from(sources: Sources) -> None:
    dataset = Dataset("toy", Task.JOINT, {"dev": sources.judged}, sources.dataset.labels)
    with pytest.raises(UsageError, match="no train split"):
        replace(sources, dataset=dataset)


def test_slots_come_with_the_texts_own_characters(sources: Sources) -> None:
    pytest.importorskip("torch")
    predict = lstm.build(sources).load()
    assert predict("wake me up at 42").spans == (Span(14, 16, "number"),)
