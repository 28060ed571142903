from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgekd.data.examples import LabelSet, Prediction, Span, Task
from edgekd.errors import TeacherError
from edgekd.teachers import load_teacher

CLASSES = {"text": ["hi", "bye"], "logits": [[0.0, 2.0, 1.0], [3.0, 1.0, 2.0]]}
META = {"task": "classification", "labels": ["c", "a", "b"]}


def write(path, columns, meta, beside=False):
    table = pa.table(columns)
    if beside:
        path.with_suffix(".json").write_text(json.dumps(meta))
    else:
        table = table.replace_schema_metadata({"edgekd": json.dumps(meta)})
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize("beside", [True, False])
def test_labels_come_sorted_whatever_their_order_in_the_file(tmp_path, beside):
    teacher = load_teacher(write(tmp_path / "t.parquet", CLASSES, META, beside))
    assert teacher.task is Task.CLASSIFICATION
    assert teacher.labels == LabelSet(("a", "b", "c"))
    bye, hi = teacher.label(["bye", "hi"])
    np.testing.assert_array_equal(hi.logits, np.array([2.0, 1.0, 0.0], np.float32))
    np.testing.assert_array_equal(bye.logits, np.array([1.0, 2.0, 3.0], np.float32))
    assert hi.logits.dtype == np.float32


@pytest.mark.parametrize(
    "names", [{"slots": ["x"]}, {"tags": ["O", "B-x", "I-x"]}, {"tags": ["I-x", "O", "B-x"]}]
)
def test_tag_logits(tmp_path, names):
    order = names.get("tags", ["O", "B-x", "I-x"])
    row = {"O": 0.0, "B-x": 1.0, "I-x": 2.0}
    inside, outside = [row[tag] for tag in order], [-row[tag] for tag in order]
    columns = {"text": ["a b"], "units": [[[0, 1], [2, 3]]], "tag_logits": [[outside, inside]]}
    teacher = load_teacher(write(tmp_path / "t.parquet", columns, {"task": "tagging", **names}))
    (output,) = teacher.label(["a b"])
    np.testing.assert_array_equal(output.tag_logits, [[0, -1, -2], [0, 1, 2]])
    assert output.decode(teacher.labels, teacher.task) == Prediction((), (Span(2, 3, "x"),))


def test_a_text_that_is_not_in_the_file_is_named(tmp_path):
    teacher = load_teacher(write(tmp_path / "t.parquet", CLASSES, META))
    with pytest.raises(TeacherError, match="lacks 1 of 2 texts, such as 'hello'"):
        list(teacher.label(["hi", "hello"]))


def test_the_fingerprint_is_that_of_the_file_and_its_labels(tmp_path):
    first = load_teacher(write(tmp_path / "a.parquet", CLASSES, META, beside=True)).fingerprint
    assert load_teacher(tmp_path / "a.parquet").fingerprint == first
    renamed = {**META, "labels": ["c", "a", "d"]}
    assert load_teacher(write(tmp_path / "a.parquet", CLASSES, renamed, beside=True)).fingerprint != first
    changed = {**CLASSES, "logits": [[0.0, 2.0, 1.0], [3.0, 1.0, 2.5]]}
    assert load_teacher(write(tmp_path / "a.parquet", changed, META, beside=True)).fingerprint != first


@pytest.mark.parametrize(
    ("columns", "meta", "message"),
    [
        (CLASSES, {"task": "regression", "labels": ["c", "a", "b"]}, "regression"),
        (CLASSES, {"task": "classification", "labels": ["a", "b"]}, "has 3 values"),
        (CLASSES, {"task": "classification", "labels": ["a", "a", "b"]}, "more than once"),
        ({"text": ["hi"]}, META, "no column 'logits'"),
        ({**CLASSES, "logits": [[1.0, 2.0, 3.0], None]}, META, "has 0 values"),
        (
            {"text": ["a b"], "units": [[[0, 1]]], "tag_logits": [[[0.0] * 3, [0.0] * 3]]},
            {"task": "tagging", "slots": ["x"]},
            "other numbers of units",
        ),
        (
            {"text": ["a"], "units": [[[0, 1]]], "tag_logits": [[[0.0] * 3]]},
            {"task": "tagging", "tags": ["O", "B-x", "L-x"]},
            "not BIO",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_explained(tmp_path, columns, meta, message):
    with pytest.raises(TeacherError, match=message):
        load_teacher(write(tmp_path / "t.parquet", columns, meta))


def test_logits_without_names_are_refused(tmp_path):
    pq.write_table(pa.table(CLASSES), tmp_path / "t.parquet")
    with pytest.raises(TeacherError, match=r"t\.json"):
        load_teacher(tmp_path / "t.parquet")


def test_a_missing_or_broken_file_is_explained(tmp_path):
    with pytest.raises(TeacherError, match="there is no file"):
        load_teacher(tmp_path / "t.parquet")
    (tmp_path / "t.parquet").write_text("not parquet")
    with pytest.raises(TeacherError, match="not a readable Parquet"):
        load_teacher(tmp_path / "t.parquet")


def test_a_folder_of_shards(tmp_path):
    meta = {**META, "fingerprint": "one"}
    write(tmp_path / "labels-1.parquet", CLASSES, meta)
    write(tmp_path / "labels-2.parquet", {"text": ["so"], "logits": [[5.0, 4.0, 3.0]]}, meta)
    teacher = load_teacher(tmp_path)
    so, hi = teacher.label(["so", "hi"])
    np.testing.assert_array_equal(so.logits, [4, 3, 5])
    np.testing.assert_array_equal(hi.logits, [2, 1, 0])
    with pytest.raises(TeacherError, match="lacks 1 of 1"):
        list(teacher.label(["hello"]))


def test_a_folder_of_two_teachers_is_refused(tmp_path):
    write(tmp_path / "labels-1.parquet", CLASSES, {**META, "fingerprint": "one"})
    write(tmp_path / "labels-2.parquet", CLASSES, {**META, "fingerprint": "two"})
    with pytest.raises(TeacherError, match=r"labels-2.parquet and labels-1.parquet .* different teachers"):
        load_teacher(tmp_path)
