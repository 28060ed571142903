"""history.html: many reports as tables and plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from edgekd.bench.figures import microseconds, percent, size
from edgekd.bench.history import HEADER, History
from edgekd.bench.pages.charts import series
from edgekd.bench.pages.html import page, table
from edgekd.bench.verdict import METRIC_NAMES


def render(histories: Sequence[History]) -> str:
    """The page as HTML."""
    head = '<header><p class="brand">edgekd report</p><h1>History</h1></header>\n'
    return page("edgekd report", head + "".join(_section(one) for one in histories))


def _section(history: History) -> str:
    entries = history.entries
    kinds = [entry.kind for entry in entries]
    names = [f"{entry.bundle}, {entry.time[:16].replace('T', ' ')}" for entry in entries]
    charts = [
        (
            METRIC_NAMES[history.metric],
            [entry.score for entry in entries],
            [entry.interval for entry in entries],
            percent,
        ),
        ("p50", [entry.p50_us for entry in entries], None, microseconds),
        ("file", [float(entry.bytes) for entry in entries], None, size),
    ]
    drawn = "".join(
        f"<h3>{escape(title)}</h3>{series(values, intervals, kinds, names, show)}"
        for title, values, intervals, show in charts
        if sum(value is not None for value in values) > 1
    )
    return (
        f"<section><h2>{escape(history.title)}</h2>{drawn}"
        f"{table(HEADER, [entry.cells for entry in entries])}</section>\n"
    )
