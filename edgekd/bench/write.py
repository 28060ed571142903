"""A report as files: JSON for machines, a page for people, Markdown and JUnit XML for CI."""

from __future__ import annotations

from pathlib import Path

from edgekd.bench.junit import as_junit
from edgekd.bench.markdown import as_markdown
from edgekd.bench.pages.report import render
from edgekd.bench.verdict import Report
from edgekd.files import write_json, write_text


def write_report(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write report.json, report.html and report.md, and junit.xml if there is a gate; their paths."""
    pages = {"report.html": render(report), "report.md": as_markdown(report)}
    if report["gate"] or report["baseline"]:
        pages["junit.xml"] = as_junit(report)
    write_json(folder / "report.json", report)
    for name, content in pages.items():
        write_text(folder / name, content)
    return (folder / "report.json", *(folder / name for name in pages))
