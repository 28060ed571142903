from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from edgekd.data.examples import Dataset, Example, LabelSet, Span, Task
from edgekd.errors import DataError, EdgekdError, TeacherError, UsageError
from edgekd.progress import silent
from edgekd.teachers import finetune, fresh, load_teacher
from edgekd.teachers.finetune import TeachConfig, read, teach
from edgekd.teachers.masked_lm import load_masked_lm

FAST = TeachConfig(epochs=3, learning_rate=5e-3, max_length=32, precision="float32")


class Stop(Exception):
    """Stands for a kill at the moment it is raised."""


def stop_after(epochs: int, *, of: int = FAST.epochs):
    """A progress that raises Stop in the first step after so many epochs of those that are left."""

    @contextlib.contextmanager
    def progress(description, total):
        done = 0

        def advance(steps):
            nonlocal done
            done += steps
            if done > epochs * total // of:
                raise Stop

        yield advance

    return progress


def weights(folder) -> dict[str, np.ndarray]:
    return load_file(Path(folder) / "model.safetensors")


def assert_same_weights(one, other):
    one, other = weights(one), weights(other)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=1e-6, err_msg=name)


def test_a_stopped_run_goes_on_to_the_same_teacher(toy, encoder, tmp_path):
    teach(toy, encoder, tmp_path / "whole", FAST)
    for left in (3, 2):
        with pytest.raises(Stop):
            teach(toy, encoder, tmp_path / "stopped", FAST, progress=stop_after(1, of=left))
    seen = []

    def progress(description, total):
        seen.append((description, total))
        return silent(description, total)

    taught = teach(toy, encoder, tmp_path / "stopped", FAST, progress=progress)
    steps = -(-len(toy.splits["train"]) // FAST.batch_size)
    assert seen == [("teaching to epoch 3", steps)]
    assert len(taught.history) == 3
    assert_same_weights(tmp_path / "whole", tmp_path / "stopped")


def test_a_new_encoder_goes_on_after_a_stop_in_pre_training(toy, tmp_path, monkeypatch):
    monkeypatch.setitem(fresh.SIZES, "tiny", fresh.Size(32, 1, 2, 600))
    config = replace(FAST, pretrain_epochs=2, epochs=1)
    teach(toy, "new:tiny", tmp_path / "whole", config, texts=["plain text"])
    with pytest.raises(Stop):
        progress = stop_after(1, of=2)
        teach(toy, "new:tiny", tmp_path / "stopped", config, texts=["plain text"], progress=progress)
    teach(toy, "new:tiny", tmp_path / "stopped", config, texts=["plain text"])
    assert_same_weights(tmp_path / "whole", tmp_path / "stopped")


def test_an_encoder_that_only_reads_goes_on_after_a_stop_and_serves_as_one(toy, tmp_path, monkeypatch):
    monkeypatch.setitem(fresh.SIZES, "tiny", fresh.Size(32, 1, 2, 600))
    config = replace(FAST, pretrain_epochs=2)
    texts = [example.text for example in toy.splits["train"]]
    read(texts, "new:tiny", tmp_path / "whole", config)
    with pytest.raises(Stop):
        read(texts, "new:tiny", tmp_path / "stopped", config, progress=stop_after(1, of=2))
    assert not (tmp_path / "stopped").exists()
    read(texts, "new:tiny", tmp_path / "stopped", config)
    assert_same_weights(tmp_path / "whole", tmp_path / "stopped")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stopped", "whole"]
    read(texts, "new:tiny", tmp_path / "whole", config, progress=stop_after(0))
    with pytest.raises(TeacherError, match="seed was 0 and is now 1"):
        read(texts, "new:tiny", tmp_path / "whole", replace(config, seed=1))
    with pytest.raises(UsageError, match="nothing to learn"):
        read(texts, "new:tiny", tmp_path / "none", FAST)
    load_masked_lm(str(tmp_path / "whole"))  # with its head
    taught = teach(toy, str(tmp_path / "whole"), tmp_path / "teacher", FAST)
    assert list(taught.scores.overall.values())[-1] > 0.5


def test_nothing_is_pickled_and_a_finished_teacher_is_only_its_files(toy, encoder, tmp_path):
    with pytest.raises(Stop):
        teach(toy, encoder, tmp_path, FAST, progress=stop_after(2))
    suffixes = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert suffixes <= {".json", ".safetensors"}
    teach(toy, encoder, tmp_path, FAST)
    assert not (tmp_path / "training").exists()


def test_a_finished_teacher_is_not_trained_again(toy, encoder, tmp_path):
    first = teach(toy, encoder, tmp_path, FAST)
    again = teach(toy, encoder, tmp_path, FAST, progress=stop_after(0))
    assert again.scores == first.scores


@pytest.mark.parametrize("finished", [True, False])
def test_other_settings_or_data_are_refused(toy, encoder, tmp_path, finished):
    if finished:
        teach(toy, encoder, tmp_path, FAST)
    else:
        with pytest.raises(Stop):
            teach(toy, encoder, tmp_path, FAST, progress=stop_after(1))
    with pytest.raises(TeacherError, match="seed was 0 and is now 1"):
        teach(toy, encoder, tmp_path, replace(FAST, seed=1))
    fewer = replace(toy, splits={**toy.splits, "train": toy.splits["train"][1:]})
    with pytest.raises(TeacherError, match="data was"):
        teach(fewer, encoder, tmp_path, FAST)


def test_another_encoder_in_the_same_folder_is_refused(toy, encoder, tmp_path):
    copy, out = tmp_path / "encoder", tmp_path / "teacher"
    shutil.copytree(encoder, copy)
    teach(toy, str(copy), out, FAST)
    teach(toy, str(copy), out, FAST)
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**settings, "layer_norm_eps": 1e-6}))
    with pytest.raises(TeacherError, match="encoder_content was"):
        teach(toy, str(copy), out, FAST)


def test_early_stopping_keeps_the_best_epoch(toy, encoder, tmp_path, monkeypatch):
    scored = iter([0.5, 0.9, 0.7, 0.8, 0.9, 0.95])
    real = finetune._score

    def _score(outputs, dataset, examples):
        scores = real(outputs, dataset, examples)
        return replace(scores, overall={**scores.overall, "exact_match": next(scored, 0.0)})

    monkeypatch.setattr(finetune, "_score", _score)
    taught = teach(toy, encoder, tmp_path, replace(FAST, epochs=6, patience=2))
    assert [measured["score"] for measured in taught.history] == [0.5, 0.9, 0.7, 0.8]
    assert json.loads((tmp_path / "edgekd_teacher.json").read_text())["best_epoch"] == 2


def test_spans_that_sub_words_cannot_express_are_counted(toy, encoder, tmp_path):
    odd = replace(toy.splits["dev"][0], spans=(Span(0, 1, "city"),))
    data = replace(toy, splits={**toy.splits, "dev": [*toy.splits["dev"], odd]})
    taught = teach(data, encoder, tmp_path, replace(FAST, epochs=1))
    assert taught.unreachable == {"train": 0, "dev": 1}


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_classification(encoder, tmp_path, pooling):
    examples = [Example("yes please", "en", ("yes",)), Example("oh no", "en", ("no",))] * 40
    data = Dataset("c", Task.CLASSIFICATION, {"train": examples, "dev": examples[:2]}, LabelSet.of(examples))
    taught = teach(
        data, encoder, tmp_path, replace(FAST, pooling=pooling, epochs=6, patience=0, batch_size=8)
    )
    assert taught.scores.overall == {"accuracy": 1.0}
    (output,) = load_teacher(tmp_path).label(["oh no"])
    assert output.tag_logits is None
    assert output.logits.shape == (2,)


def test_multi_label(encoder, tmp_path):
    texts = {"red fish": ("fish", "red"), "red": ("red",), "fish": ("fish",), "none": ()}
    examples = [Example(text, "en", labels) for text, labels in texts.items()] * 40
    data = Dataset("m", Task.MULTILABEL, {"train": examples, "dev": examples[:4]}, LabelSet.of(examples))
    taught = teach(data, encoder, tmp_path, replace(FAST, epochs=6, patience=0, batch_size=8))
    assert taught.scores.overall["exact_match"] == 1.0


def test_tagging(toy, encoder, tmp_path):
    splits = {name: [replace(one, labels=()) for one in examples] for name, examples in toy.splits.items()}
    data = Dataset("t", Task.TAGGING, splits, LabelSet(slots=toy.labels.slots))
    taught = teach(data, encoder, tmp_path, FAST)
    assert taught.scores.overall["span_f1"] > 0.8
    (output,) = load_teacher(tmp_path).label(["fly me to Paris today"])
    assert output.logits is None


def test_a_dev_label_that_train_lacks_counts_as_wrong(encoder, tmp_path):
    train = [Example("yes please", "en", ("yes",)), Example("oh no", "en", ("no",))] * 20
    dev = [Example("yes please", "en", ("yes",)), Example("hm", "en", ("maybe",))]
    data = Dataset("c", Task.CLASSIFICATION, {"train": train, "dev": dev}, LabelSet.of(train))
    assert teach(data, encoder, tmp_path, FAST).scores.overall["accuracy"] == 0.5


def test_empty_and_strange_texts_can_be_learnt_from(encoder, tmp_path):
    texts = ["", "\ud800", "\x00", "word " * 1000]
    examples = [Example(text, "en", ("a" if index % 2 else "b",)) for index, text in enumerate(texts)]
    data = Dataset("s", Task.CLASSIFICATION, {"train": examples, "dev": examples}, LabelSet.of(examples))
    teach(data, encoder, tmp_path, FAST)


def test_a_missing_split_is_explained(toy, encoder, tmp_path):
    with pytest.raises(DataError, match="no dev split"):
        teach(replace(toy, splits={"train": toy.splits["train"]}), encoder, tmp_path, FAST)


def test_a_loss_that_is_not_a_number_is_explained(toy, encoder, tmp_path):
    spoilt = replace(FAST, learning_rate=0.99)

    def infinite(*_):
        return lambda batch: finetune.torch.tensor(float("nan"), requires_grad=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetune, "loss_function", infinite)
        with pytest.raises(TeacherError, match="learning-rate"):
            teach(toy, encoder, tmp_path, spoilt)


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"learning_rate": 0.0}, {"pooling": "max"}, {"precision": "int4"}, {"max_length": 2}],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        TeachConfig(**wrong)


def test_an_unknown_size_is_refused(toy, tmp_path):
    with pytest.raises(UsageError, match="new:tiny"):
        teach(toy, "new:huge", tmp_path, FAST)


def test_a_full_disk_leaves_a_run_that_goes_on(toy, encoder, tmp_path, monkeypatch):
    import errno

    with pytest.raises(Stop):
        teach(toy, encoder, tmp_path, FAST, progress=stop_after(1))

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(EdgekdError, match="no space left"):
            teach(toy, encoder, tmp_path, FAST)
    assert len(teach(toy, encoder, tmp_path, FAST).history) == 3


_TEACH = """
import sys
sys.path.insert(0, {tests!r})
from conftest import LABELS, toy_examples
from edgekd.data.examples import Dataset, Task
from edgekd.teachers.finetune import TeachConfig, teach
data = Dataset("toy", Task.JOINT, {{"train": toy_examples(240, 1), "dev": toy_examples(40, 2)}}, LABELS)
teach(data, {encoder!r}, {out!r}, TeachConfig(epochs=40, patience=0, learning_rate=5e-3, max_length=32,
      precision="float32"))
"""


def test_kill_9_loses_at_most_an_epoch(toy, encoder, tmp_path):
    code = _TEACH.format(tests=str(Path(__file__).parent), encoder=encoder, out=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code])
    state = tmp_path / "training" / "finetune" / "state.json"
    deadline = time.monotonic() + 60
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = json.loads(state.read_text())["epoch"]
    assert 1 <= done < 40
    config = TeachConfig(epochs=40, patience=0, learning_rate=5e-3, max_length=32, precision="float32")
    begun = []

    def progress(description, total):
        begun.append(total)
        return stop_after(1, of=40 - done)(description, total)

    with pytest.raises(Stop):
        teach(toy, encoder, tmp_path, config, progress=progress)
    assert begun == [(40 - done) * -(-len(toy.splits["train"]) // config.batch_size)]
