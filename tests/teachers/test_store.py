from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import EdgekdError, TeacherError
from edgekd.teachers import store as store_module
from edgekd.teachers.store import SoftLabelStore
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("a", "b", "c"), ("x", "y"))


class CountingTeacher:
    """Gives numbers that depend on the text, and remembers what it was asked."""

    def __init__(self, task=Task.JOINT, labels=LABELS, fingerprint="teacher-1"):
        self.task, self.labels, self.fingerprint = task, labels, fingerprint
        self.asked: list[str] = []

    def label(self, texts):
        for text in texts:
            self.asked.append(text)
            draw = np.random.default_rng(len(text))
            words = text.split()
            ends = np.cumsum([len(word) + 1 for word in words], dtype=np.int32)
            units = np.array(
                [(end - len(w) - 1, end - 1) for end, w in zip(ends, words, strict=True)], np.int32
            )
            yield SoftLabels(
                draw.normal(size=len(self.labels.labels)).astype(np.float32)
                if self.task.has_labels
                else None,
                units.reshape(-1, 2) if self.task.has_slots else np.zeros((0, 2), np.int32),
                draw.normal(size=(len(words), len(self.labels.tags))).astype(np.float32)
                if self.task.has_slots
                else None,
            )


TEXTS = ["one", "two words", "", "three more words", "กรุงเทพ", "nul \x00 here", "lone \ud800"]


@pytest.mark.parametrize("task", Task)
def test_what_is_read_is_what_the_teacher_said(tmp_path, task):
    labels = LabelSet(LABELS.labels if task.has_labels else (), LABELS.slots if task.has_slots else ())
    teacher = CountingTeacher(task, labels)
    SoftLabelStore(tmp_path, teacher).label(TEXTS)
    stored = SoftLabelStore(tmp_path, teacher).label(TEXTS)
    assert list(stored) == TEXTS
    for text, wanted in zip(TEXTS, CountingTeacher(task, labels).label(TEXTS), strict=True):
        found = stored[text]
        np.testing.assert_array_equal(found.units, wanted.units)
        for name in ("logits", "tag_logits"):
            if getattr(wanted, name) is None:
                assert getattr(found, name) is None
            else:
                half = getattr(wanted, name).astype(np.float16)
                np.testing.assert_array_equal(getattr(found, name), half.astype(np.float32))
                assert getattr(found, name).dtype == np.float32
        assert found.units.dtype == np.int32


def test_a_store_in_float32_of_an_earlier_version_is_read(tmp_path):
    teacher = CountingTeacher()
    SoftLabelStore(tmp_path, teacher).label(["one", "two words"])
    (path,) = tmp_path.glob("*.parquet")
    table = pq.read_table(path)
    exact = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
    table = table.set_column(1, "logits", pa.array(exact, pa.list_(pa.float32())))
    pq.write_table(table, path)
    stored = SoftLabelStore(tmp_path, teacher).label(["one", "two words", "new"])
    np.testing.assert_array_equal(stored["two words"].logits, np.array(exact[1], np.float32))
    assert teacher.asked == ["one", "two words", "new"]


def test_a_logit_beyond_float16_stays_finite(tmp_path):
    class Sure(CountingTeacher):
        def label(self, texts):
            for output in super().label(texts):
                output.logits[:] = (-1e9, 0.5, 1e9)
                yield output

    logits = SoftLabelStore(tmp_path, Sure()).label(["a"])["a"].logits
    np.testing.assert_array_equal(logits, [-65504, 0.5, 65504])


def test_tag_logits_take_less_than_two_bytes(tmp_path):
    class Noisy(CountingTeacher):
        def label(self, texts):
            for number, output in enumerate(super().label(texts)):
                output.tag_logits[:] = np.random.default_rng(number).normal(size=output.tag_logits.shape)
                yield output

    SoftLabelStore(tmp_path, Noisy()).label([f"some words in text {number}" for number in range(500)])
    (path,) = tmp_path.glob("*.parquet")
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = map(group.column, range(group.num_columns))
    tags = next(column for column in columns if column.path_in_schema.startswith("tag_logits"))
    assert tags.total_compressed_size < 1.9 * tags.num_values


def test_shards_are_the_same_however_much_was_labelled_before(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "TEXTS_AT_ONCE", 3)
    texts = [f"text {number}" for number in range(8)]
    SoftLabelStore(tmp_path / "whole", CountingTeacher()).label(texts)
    SoftLabelStore(tmp_path / "parts", CountingTeacher()).label(texts[:3])
    SoftLabelStore(tmp_path / "parts", CountingTeacher()).label(texts)
    whole, parts = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("whole", "parts")
    )
    assert whole == parts
    assert len(whole) == 3


def test_only_what_is_missing_is_computed(tmp_path):
    teacher = CountingTeacher()
    store = SoftLabelStore(tmp_path, teacher)
    store.label(["a", "b", "a"])
    store.label(["b", "c"])
    SoftLabelStore(tmp_path, teacher).label(["a", "b", "c"])
    assert teacher.asked == ["a", "b", "c"]


def test_nothing_asked_nothing_stored(tmp_path):
    assert len(SoftLabelStore(tmp_path / "none", CountingTeacher()).label([])) == 0


def test_a_text_that_was_not_asked_for_is_a_key_error(tmp_path):
    with pytest.raises(KeyError):
        SoftLabelStore(tmp_path, CountingTeacher()).label(["a"])["b"]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (CountingTeacher(fingerprint="teacher-2"), "another teacher"),
        (CountingTeacher(labels=LabelSet(("a", "b"), ("x", "y"))), "other labels"),
        (CountingTeacher(labels=LabelSet(("c", "b", "a"), ("x", "y"))), "other labels"),
        (CountingTeacher(task=Task.CLASSIFICATION, labels=LabelSet(("a", "b", "c"))), "other labels"),
    ],
)
def test_another_teacher_is_noticed_and_never_mixed_in(tmp_path, other, what):
    SoftLabelStore(tmp_path, CountingTeacher()).label(TEXTS)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(TeacherError, match=what):
        SoftLabelStore(tmp_path, other)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_damaged_shard_is_explained(tmp_path):
    teacher = CountingTeacher()
    SoftLabelStore(tmp_path, teacher).label(TEXTS)
    (path,) = tmp_path.glob("*.parquet")
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(TeacherError, match="delete it"):
        SoftLabelStore(tmp_path, teacher)


def test_a_teacher_that_breaks_off_loses_only_the_shard_in_work(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "TEXTS_AT_ONCE", 10)

    class Breaking(CountingTeacher):
        def label(self, texts):
            for output in super().label(texts):
                if len(self.asked) == 25:
                    raise KeyboardInterrupt
                yield output

    texts = [f"text {number}" for number in range(40)]
    with pytest.raises(KeyboardInterrupt):
        SoftLabelStore(tmp_path, Breaking()).label(texts)
    teacher = CountingTeacher()
    assert len(SoftLabelStore(tmp_path, teacher).label(texts)) == 40
    assert teacher.asked == texts[20:]


@contextmanager
def small_disk(folder: Path, size: str):
    """A real file system that is soon full."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_keeps_what_was_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "TEXTS_AT_ONCE", 50)
    folder, texts = tmp_path / "disk", [f"text {number} " + "word " * (number % 50) for number in range(400)]
    with small_disk(folder, "64k"):
        with pytest.raises(EdgekdError, match="no space left"):
            SoftLabelStore(folder, CountingTeacher()).label(texts)
        kept = sorted(folder.iterdir())
        assert kept
        assert not [path for path in kept if path.name.startswith(".")]
        subprocess.run(["mount", "-o", "remount,size=32m", folder], check=True)
        teacher = CountingTeacher()
        assert len(SoftLabelStore(folder, teacher).label(texts)) == 400
        assert len(teacher.asked) == 400 - 50 * len(kept)


def test_a_full_disk_is_explained(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    teacher = CountingTeacher()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(EdgekdError, match="same command again"):
            SoftLabelStore(tmp_path, teacher).label(["a"])
    assert list(tmp_path.iterdir()) == []
    assert len(SoftLabelStore(tmp_path, teacher).label(["a"])) == 1


_LABEL = """
import sys, time
sys.path.insert(0, {tests!r})
from test_store import CountingTeacher
from edgekd.teachers import store
store.TEXTS_AT_ONCE = 10
class Slow(CountingTeacher):
    def label(self, texts):
        for output in super().label(texts):
            time.sleep(0.002)
            yield output
store.SoftLabelStore({folder!r}, Slow()).label([f"text {{number}}" for number in range(5000)])
"""


def test_kill_9_while_labelling(tmp_path):
    code = _LABEL.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("labels-*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (tmp_path / ".labels-0.99.tmp.parquet").write_bytes(b"what a killed writer leaves")
    whole = len(list(tmp_path.glob("labels-*.parquet")))
    assert whole >= 3
    teacher = CountingTeacher()
    texts = [f"text {number}" for number in range(10 * whole + 5)]
    assert len(SoftLabelStore(tmp_path, teacher).label(texts)) == len(texts)
    assert teacher.asked == texts[10 * whole :]
    assert not list(tmp_path.glob(".*"))
