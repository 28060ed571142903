"""`edgekd distill` as a process: killed, it goes on, and says what every metric is worth."""

import json
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq

EPOCHS = 40


def distill(*arguments):
    command = [sys.executable, "-m", "edgekd", "distill", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_and_resumed(labelled_data, tmp_path):
    data, logits = labelled_data
    run = tmp_path / "run"
    process = distill(
        *("--data", data, "--teacher", logits, "--out", run),
        *("--student", "pqrnn-0.2m", "--epochs", EPOCHS, "--set", "training.batch_size=8"),
        *("--set", "training.least_texts=1"),
        *("--soft-labels", tmp_path / "soft"),
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
    assert list((tmp_path / "soft").glob("labels-*.parquet"))
    assert not (run / "soft_labels").exists()
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["splits"]["dev"]["teacher"]["overall"] == {"accuracy": 1.0}
    assert metrics["splits"]["dev"]["student"]["overall"]["accuracy"] > 0.6
    for column in ("teacher", "student", "control", "retention", "accuracy", "calibrated on dev"):
        assert column in out
    assert not list(run.rglob("*.tmp*"))


def test_several_teachers_are_weighed_on_dev_and_shown(labelled_data, tmp_path):
    data, logits = labelled_data
    run, wrong = tmp_path / "run", tmp_path / "wrong.parquet"
    table = pq.read_table(logits)
    meta = json.loads(table.schema.metadata[b"edgekd"])
    meta["labels"] = [*meta["labels"][1:], meta["labels"][0]]
    pq.write_table(table.replace_schema_metadata({"edgekd": json.dumps(meta)}), wrong)
    teachers = f"en={logits}+{wrong}"
    process = distill(
        *("--data", data, "--teacher", teachers, "--teacher-weights", "dev", "--out", run),
        *("--student", "pqrnn-0.2m", "--epochs", 1),
    )
    out, err = process.communicate(timeout=500)
    assert process.returncode == 0, err
    assert "teachers on dev" in out
    assert "wrong.parquet" in out.replace("\n", "")
    (chosen,) = json.loads((run / "metrics.json").read_text())["teachers"]["chosen"]
    assert chosen["weights"][0] > 0.9
    (run / "metrics.json").unlink()
    out, err = distill("--resume", run).communicate(timeout=500)
    assert "training" not in err
    assert json.loads((run / "metrics.json").read_text())["teachers"]["chosen"] == [chosen]
    process = distill(
        *(
            "--data",
            data,
            "--teacher",
            f"de={logits}",
            "--out",
            tmp_path / "other",
        ),
    )
    _, err = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "no teacher answers texts in 'en'" in err
    assert not (tmp_path / "other").exists()
