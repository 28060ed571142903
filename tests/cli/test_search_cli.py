"""`edgekd search` as a process: two jobs, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys

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


def edgekd_search(inputs, *arguments):
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
    command = [sys.executable, "-m", "edgekd", "search", *map(str, (*given, *shape, *arguments))]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_two_jobs_then_a_damaged_storage(inputs, tmp_path):
    out = tmp_path / "out"
    done = edgekd_search(inputs, "--out", out, "--trials", 3, "--jobs", 2)
    assert done.returncode == 0, done.stderr
    assert "recipe.yaml" in done.stdout and "learning_rate" in done.stdout
    results = json.loads((out / "results.json").read_text())
    assert len(results["trials"]) == 3
    assert (out / "job-2.log").exists()

    (out / "study.db").write_bytes(b"not a database" * 1000)
    done = edgekd_search(inputs, "--out", out, "--trials", 4)
    assert done.returncode == 1
    assert "is damaged" in done.stderr and "Traceback" not in done.stderr


def test_a_bad_space_is_explained(inputs, tmp_path):
    (tmp_path / "bad.yaml").write_text("student.dropout: [0.1, 2]")
    done = edgekd_search(inputs, "--out", tmp_path / "out", "--space", tmp_path / "bad.yaml")
    assert done.returncode == 2
    for said in ("bad.yaml", "student.dropout", "less than 1"):
        assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
