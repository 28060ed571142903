"""Comparisons as one self-contained page: a plot and a table for each data set."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from bench.peers.standing import Comparison, standing
from bench.peers.tables import HEADER, NOTES, details, rows, title
from edgekd.bench.pages.html import folded, page, table
from edgekd.bench.pages.pareto import Point, plot
from edgekd.bench.verdict import NOISY


def render(found: Mapping[str, Any]) -> str:
    """The page as HTML.

    Args:
        found: as `__main__` writes it.
    """
    machine = found["machine"]
    facts = [machine["cpu"], f"{found['threads']} thread", machine["time"][:16].replace("T", " ") + " UTC"]
    listed = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in NOTES)
    return page(
        "edgekd: student and peers",
        f'<header><p class="brand">edgekd bench</p><h1>Student and peers</h1><ul>{listed}</ul></header>\n'
        f"{''.join(_data_set(one) for one in found['data_sets'])}"
        f"<section><h2>How to read this</h2>{notes}</section>\n"
        f"<section><h2>To repeat</h2><pre><code>{escape(found['command'])}</code></pre></section>\n",
    )


def _data_set(found: Comparison) -> str:
    noisy = f'<p class="note">{escape(NOISY)}.</p>' if found["noise"]["noisy"] else ""
    what = table(("", "what it is"), details(found))
    return (
        f"<section><h2>{escape(title(found))}</h2>{_plot(found)}"
        f'<p class="note">{escape(" ".join(standing(found)))}</p>{noisy}'
        f"{table(HEADER, rows(found))}{folded('What each of them is', what)}</section>\n"
    )


def _plot(found: Comparison) -> str:
    """Accuracy of the label, which every trained contender has; the same weights otherwise are left out."""
    points = [
        Point(one["name"], one["scores"]["accuracy"], one["latency"]["p50_us"], one["bytes"], _class(one))
        for key, one in found["peers"].items()
        if one["trained"] and not key.startswith("student-")
    ]
    if len(points) < 2:
        return ""
    note = "Accuracy of the label against p50 on a logarithmic scale; the area of a disc is the size."
    return f'{plot(points, "accuracy")}<p class="note">{note}</p>'


def _class(one: Mapping[str, Any]) -> str:
    """Of page.css, which has two kinds of discs."""
    return "student" if one["kind"] == "student" else "teacher"
