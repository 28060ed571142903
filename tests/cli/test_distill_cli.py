"""`edgekd distill`: killed, it goes on, and says what every metric is worth."""

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq

EPOCHS = 16


def test_killed_and_resumed(edgekd, labelled_data, tmp_path):
    data, logits = labelled_data
    run = tmp_path / "run"
    command = (
        *(sys.executable, "-m", "edgekd", "distill", "--data", data, "--teacher", logits, "--out", run),
        *("--student", "pqrnn-0.2m", "--epochs", str(EPOCHS), "--set", "training.batch_size=8"),
        *("--set", "training.least_texts=1", "--soft-labels", tmp_path / "soft"),
    )
    # As everyone's runs, compiled by XLA; the rest of it, as those of the tests, not.
    env = {**os.environ, "EDGEKD_XLA": "1"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    checkpoints = run / "training" / "student" / "checkpoints"
    deadline = time.monotonic() + 120
    while not (checkpoints / "checkpoint").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (run / "student.keras").exists()

    done = edgekd("distill", "--resume", run)
    assert done.code == 0, done.err
    steps = int(done.err.split("training the student: ")[-1].split("/")[0])
    assert 0 < steps < EPOCHS * 3
    assert list((tmp_path / "soft").glob("labels-*.parquet"))
    assert not (run / "soft_labels").exists()
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["splits"]["dev"]["teacher"]["overall"] == {"accuracy": 1.0}
    assert metrics["splits"]["dev"]["student"]["overall"]["accuracy"] > 0.6
    for column in ("teacher", "student", "control", "retention", "accuracy", "calibrated on dev"):
        assert column in done.out
    assert not list(run.rglob("*.tmp*"))


def test_several_teachers_are_weighed_on_dev_and_shown(edgekd, labelled_data, tmp_path):
    data, logits = labelled_data
    run, wrong = tmp_path / "run", tmp_path / "wrong.parquet"
    table = pq.read_table(logits)
    meta = json.loads(table.schema.metadata[b"edgekd"])
    meta["labels"] = [*meta["labels"][1:], meta["labels"][0]]
    pq.write_table(table.replace_schema_metadata({"edgekd": json.dumps(meta)}), wrong)
    teachers = f"en={logits}+{wrong}"
    done = edgekd(
        *("distill", "--data", data, "--teacher", teachers, "--teacher-weights", "dev", "--out", run),
        *("--student", "pqrnn-0.2m", "--epochs", 1, "--set", "training.least_texts=1"),
    )
    assert done.code == 0, done.err
    assert "teachers on dev" in done.out
    assert "wrong.parquet" in done.out.replace("\n", "")
    (chosen,) = json.loads((run / "metrics.json").read_text())["teachers"]["chosen"]
    assert chosen["weights"][0] > 0.9
    (run / "metrics.json").unlink()
    assert "training" not in edgekd("distill", "--resume", run).err
    assert json.loads((run / "metrics.json").read_text())["teachers"]["chosen"] == [chosen]
    done = edgekd("distill", "--data", data, "--teacher", f"de={logits}", "--out", tmp_path / "other")
    assert done.code == 1
    assert "no teacher answers texts in 'en'" in done.err
    assert not (tmp_path / "other").exists()
