from __future__ import annotations

import csv
import json

import pytest

from edgekd.audit.audit import audit
from edgekd.audit.write import write_audit


@pytest.fixture(scope="module")
def written(noisy, linear, tmp_path_factory):
    data, _ = noisy
    found = audit(data, "dev", linear, name="linear")
    return found, write_audit(found, tmp_path_factory.mktemp("audit") / "dev.html")


def test_three_files_of_one_name(written):
    _, paths = written
    assert [path.name for path in paths] == ["dev.html", "dev.json", "dev.csv"]
    assert all(path.stat().st_size for path in paths)


def test_the_json_is_enough_to_correct_the_data_from(noisy, written):
    data, _ = noisy
    found, (_, path, _) = written
    content = json.loads(path.read_text())
    assert (content["split"], content["examples"]) == ("dev", len(data.splits["dev"]))
    assert len(content["disagreements"]) == len(found.disagreements)
    for one in content["disagreements"]:
        example = data.splits["dev"][one["index"]]
        assert one["text"] == example.text
        assert one["given"]["labels"] == list(example.labels)
        spans = [(span["start"], span["end"], span["slot"]) for span in one["given"]["spans"]]
        assert spans == [(span.start, span.end, span.slot) for span in example.spans]
        assert one["said"] != one["given"]
    assert {share["name"] for share in content["shares"]} >= set(data.labels.labels)


def test_the_csv_has_the_same_rows(written):
    found, (_, _, path) = written
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == [one.index for one in found.disagreements]
    for row, one in zip(rows, found.disagreements, strict=True):
        assert row["text"] == one.example.text
        assert json.loads(row["labels"]) == list(one.example.labels)
        assert json.loads(row["teacher_labels"]) == list(one.said.labels)
        assert [span["slot"] for span in json.loads(row["teacher_spans"])] == [
            span.slot for span in one.said.spans
        ]
