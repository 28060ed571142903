"""`edgekd search`, as typed: two jobs, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

TEXTS = {"wake": "wake me up at {}", "music": "play some {} music"}
FILLERS = ("seven", "eight", "red", "blue", "jazz", "rock")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Labelled data, logits of a teacher that is right, and a space."""
    folder = tmp_path_factory.mktemp("search")
    rows = [(text.format(filler), label) for label, text in TEXTS.items() for filler in FILLERS]
    (folder / "data").mkdir()
    for split, part in (("train", rows[::2] + rows[1::4]), ("dev", rows[3::4])):
        lines = [json.dumps({"text": text, "label": label, "language": "en"}) for text, label in part]
        (folder / "data" / f"{split}.jsonl").write_text("\n".join(lines))
    labels = sorted(TEXTS)
    logits = [[5.0 * (label == name) for name in labels] for _, label in rows]
    table = pa.table({"text": [text for text, _ in rows], "logits": np.array(logits).tolist()})
    meta = json.dumps({"task": "classification", "labels": labels})
    pq.write_table(table.replace_schema_metadata({"edgekd": meta}), folder / "logits.parquet")
    (folder / "space.yaml").write_text("training.learning_rate: {low: 0.001, high: 0.01, log: true}")
    return folder


@pytest.fixture
def search(edgekd, inputs):
    given = (
        "--data",
        inputs / "data",
        "--teacher",
        inputs / "logits.parquet",
        "--space",
        inputs / "space.yaml",
    )
    shape = (
        "--student",
        "pqrnn-0.2m",
        "--set",
        "training.epochs=2",
        "--set",
        "training.batch_size=8",
        "--set",
        "training.least_texts=1",
    )
    return lambda *arguments: edgekd("search", *given, *shape, *arguments)


def test_two_jobs_then_a_damaged_storage(search, tmp_path):
    out = tmp_path / "out"
    done = search("--out", out, "--trials", 3, "--jobs", 2)
    assert done.code == 0, done.err
    assert "recipe.yaml" in done.out and "learning_rate" in done.out
    results = json.loads((out / "results.json").read_text())
    assert len(results["trials"]) == 3
    assert (out / "job-2.log").exists()

    (out / "study.db").write_bytes(b"not a database" * 1000)
    done = search("--out", out, "--trials", 4)
    assert done.code == 1
    assert "is damaged" in done.err and "Traceback" not in done.err


def test_a_bad_space_is_explained(search, tmp_path):
    (tmp_path / "bad.yaml").write_text("student.dropout: [0.1, 2]")
    done = search("--out", tmp_path / "out", "--space", tmp_path / "bad.yaml")
    assert done.code == 2
    for said in ("bad.yaml", "student.dropout", "less than 1"):
        assert said in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()
