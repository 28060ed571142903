"""`edgekd distill` as a process: killed, it goes on, and says what every metric is worth."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

EPOCHS = 40
TEXTS = {"wake": "wake me up at {}", "music": "play some {} music", "light": "turn the {} light on"}
FILLERS = ("seven", "eight", "red", "blue", "jazz", "rock", "kitchen", "noon", "green", "soul")


@pytest.fixture
def inputs(tmp_path):
    """Labelled data, and logits of a teacher that is right."""
    rows = [(text.format(filler), label) for label, text in TEXTS.items() for filler in FILLERS]
    for split, part in (("train", rows[::2] + rows[1::4]), ("dev", rows[3::4])):
        lines = [json.dumps({"text": text, "label": label, "language": "en"}) for text, label in part]
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / f"{split}.jsonl").write_text("\n".join(lines))
    labels = sorted(TEXTS)
    logits = [[5.0 * (label == name) for name in labels] for _, label in rows]
    table = pa.table({"text": [text for text, _ in rows], "logits": np.array(logits).tolist()})
    meta = json.dumps({"task": "classification", "labels": labels})
    pq.write_table(table.replace_schema_metadata({"edgekd": meta}), tmp_path / "logits.parquet")
    return tmp_path


def distill(*arguments):
    command = [sys.executable, "-m", "edgekd", "distill", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_and_resumed(inputs):
    run = inputs / "run"
    process = distill(
        *("--data", inputs / "data", "--teacher", inputs / "logits.parquet", "--out", run),
        *("--student", "pqrnn-0.2m", "--epochs", EPOCHS, "--set", "training.batch_size=8"),
    )
    checkpoints = run / "training" / "student" / "checkpoints"
    deadline = time.monotonic() + 120
    while not (checkpoints / "checkpoint").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (run / "student.keras").exists()

    process = distill("--resume", run)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    steps = int(err.split("training the student: ")[-1].split("/")[0])
    assert 0 < steps < EPOCHS * 3
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["splits"]["dev"]["teacher"]["overall"] == {"accuracy": 1.0}
    assert metrics["splits"]["dev"]["student"]["overall"]["accuracy"] > 0.6
    for column in ("teacher", "student", "control", "retention", "accuracy", "calibrated on dev"):
        assert column in out
    assert not list(run.rglob("*.tmp*"))
