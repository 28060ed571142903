"""An audit as files: a page to look through, JSON and CSV to correct the data from."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekd.audit.audit import Audit
from edgekd.audit.disagreements import Disagreement
from edgekd.audit.page import render
from edgekd.data.examples import Example, Prediction, Span
from edgekd.files import write_json, write_text
from edgekd.teachers.teacher import well_formed

_COLUMNS = (
    "index",
    "margin",
    "agreeing",
    "asked",
    "language",
    "text",
    "labels",
    "teacher_labels",
    "spans",
    "teacher_spans",
)


def write_audit(audit: Audit, page: Path) -> tuple[Path, Path, Path]:
    """Write the page, and beside it a .json and a .csv file of the same name; their paths.

    All have the disagreements in their order, with `index`, the number of the example in its split from 0.
    Labels and spans are as in edgekd's own JSONL; in the CSV they are JSON.
    """
    content, table = page.with_suffix(".json"), page.with_suffix(".csv")
    write_text(page, render(audit))
    write_json(content, as_json(audit))
    write_text(table, as_csv(audit.disagreements))
    return page, content, table


def as_json(audit: Audit) -> dict[str, Any]:
    """Everything that was found."""
    return {
        "data": audit.data,
        "split": audit.split,
        "teacher": audit.teacher,
        "task": audit.task.value,
        "examples": audit.examples,
        "shares": [dataclasses.asdict(one) for one in audit.shares],
        "disagreements": [
            {
                "index": one.index,
                "text": well_formed(one.example.text),
                "language": one.example.language,
                "given": _reading(one.example),
                "said": _reading(one.said),
                "margin": one.margin,
                "agreeing": one.agreeing,
                "asked": one.asked,
                "doubts": [dataclasses.asdict(doubt) for doubt in one.doubts],
            }
            for one in audit.disagreements
        ],
    }


def as_csv(found: Sequence[Disagreement]) -> str:
    """A row for each disagreement."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in found:
        given, said = _reading(one.example), _reading(one.said)
        readings = (given["labels"], said["labels"], given["spans"], said["spans"])
        writer.writerow(
            [
                one.index,
                f"{one.margin:.4f}",
                one.agreeing,
                one.asked,
                one.example.language,
                well_formed(one.example.text),
                *(json.dumps(reading, ensure_ascii=False) for reading in readings),
            ]
        )
    return lines.getvalue()


def _reading(one: Example | Prediction) -> dict[str, Any]:
    def row(span: Span) -> dict[str, Any]:
        return {"start": span.start, "end": span.end, "slot": span.slot}

    return {"labels": list(one.labels), "spans": [row(span) for span in one.spans]}
