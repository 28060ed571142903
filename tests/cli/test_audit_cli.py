"""`edgekd audit` as a process."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def audit(*arguments):
    command = [sys.executable, "-m", "edgekd", "audit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_labels_that_logits_contradict_are_listed(tmp_path):
    texts = {f"play song {number}": "music" for number in range(30)}
    texts |= {f"wake me at {number}": "alarm" for number in range(30)}
    rows = [{"text": text, "label": label} for text, label in texts.items()]
    for row in rows[:3]:
        row["label"] = "alarm"
    data = tmp_path / "data"
    data.mkdir()
    for split in ("train", "dev"):
        (data / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    logits = [[5.0 * (label == name) for name in ("alarm", "music")] for label in texts.values()]
    meta = json.dumps({"task": "classification", "labels": ["alarm", "music"]})
    table = pa.table({"text": list(texts), "logits": logits}).replace_schema_metadata({"edgekd": meta})
    for name in ("one", "two"):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    teachers = [part for name in ("one", "two") for part in ("--teacher", tmp_path / f"{name}.parquet")]

    done = audit("--data", data, *teachers, "--out", tmp_path / "found.html")
    assert done.returncode == 0, done.stderr
    assert "3 of 60 texts of dev are read differently" in done.stdout
    assert "9.1 %" in done.stdout
    content = json.loads((tmp_path / "found.json").read_text())
    assert [one["index"] for one in content["disagreements"]] == [0, 1, 2]
    assert {(one["agreeing"], one["asked"]) for one in content["disagreements"]} == {(2, 2)}
    assert "seen" not in done.stderr

    done = audit("--data", data, *teachers, "--split", "train", "--out", tmp_path / "train.html")
    assert "has seen their labels" in done.stderr
    done = audit("--data", data, *teachers, "--split", "test", "--out", tmp_path / "test.html")
    assert done.returncode == 2
    assert not (tmp_path / "test.html").exists()
