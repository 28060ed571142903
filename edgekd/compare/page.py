"""compare.html: ways to distil side by side, where they had labels and where they had none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from statistics import mean, stdev

from edgekd.bench.figures import counted, percent
from edgekd.bench.pages import charts
from edgekd.bench.pages.html import folded, name, page, row, table
from edgekd.bench.verdict import METRIC_NAMES
from edgekd.compare.runs import Comparison, Way

_CONTROL = "{}, without a teacher"


def render(found: Comparison) -> str:
    """The page as HTML."""
    title = f"{METRIC_NAMES[found.metric]} on {found.split}"
    head = f'<header><p class="brand">edgekd compare</p><h1>{escape(title)}</h1></header>\n'
    parts = [_bars(found, title, languages) for title, languages in found.groups.items()]
    return page("edgekd compare", head + "".join(parts) + _tables(found) + _settings(found))


def lines(found: Comparison) -> Iterator[tuple[str, str, Way, str]]:
    """What is compared: a name, what is said of its languages, and whose figures they are."""
    several = len({way.settings.get("teacher") for way in found.ways}) > 1
    yield "teacher", "of the first run" if several else "", found.ways[0], "teacher"
    for way in found.ways:
        said = [counted(len(way.seeds), "seed")]
        if way.taught:
            said.append(f"teacher's labels in {counted(len(way.taught), 'language')}")
        yield way.name, ", ".join(said), way, "student"
    for way in found.ways:
        if any("control" in one for one in way.judged):
            yield _CONTROL.format(way.name), "", way, "control"


def spread(values: Sequence[float]) -> str:
    """Mean and deviation over seeds, in percent."""
    if len(values) < 2:
        return percent(values[0])
    return f"{100 * mean(values):.1f} ± {100 * stdev(values):.1f}%"


def _bars(found: Comparison, title: str, languages: Sequence[str]) -> str:
    measured = [
        (said, detail, model, way.values(model, found.metric, languages))
        for said, detail, way, model in lines(found)
    ]
    top = max(max(values) for *_, values in measured) or 1.0
    rows = []
    for said, detail, model, values in measured:
        drawn = charts.bar(
            mean(values) / top,
            f"{said} {spread(values)}",
            kind="student" if model == "student" else "teacher",
            interval=(min(values) / top, max(values) / top) if len(values) > 1 else None,
        )
        rows.append(row(name(said, detail), drawn, f'<span class="value">{spread(values)}</span>'))
    note = f"{', '.join(languages)}; each language counts alike. Thin lines: from the worst seed to the best."
    bars = f'<div class="bars">{"".join(rows)}</div>'
    return f'<section><h2>{title.capitalize()}</h2>{bars}<p class="note">{escape(note)}</p></section>\n'


def _tables(found: Comparison) -> str:
    others = [metric for metric in found.metrics if metric != found.metric]
    rest = "".join(folded(METRIC_NAMES[metric], _by_language(found, metric)) for metric in others)
    return f"<section><h2>By language</h2>{_by_language(found, found.metric)}{rest}</section>\n"


def _by_language(found: Comparison, metric: str) -> str:
    languages = [*found.sources, *found.targets]
    header = ["", *(f"{one}*" if one in found.sources and found.targets else one for one in languages)]
    rows = [
        [said, *(spread(way.values(model, metric, [language])) for language in languages)]
        for said, _, way, model in lines(found)
    ]
    star = '<p class="note">* with labels</p>' if found.sources and found.targets else ""
    return table(header, rows) + star


def _settings(found: Comparison) -> str:
    names = list(dict.fromkeys(name for way in found.ways for name in way.settings))
    if not names:
        return ""
    header = ["", "seeds", *names]
    rows = [
        [way.name, ", ".join(map(str, way.seeds)), *(_shown(way.settings.get(one)) for one in names)]
        for way in found.ways
    ]
    return f"<section><h2>In what they differ</h2>{table(header, rows)}</section>\n"


def _shown(value: object) -> str:
    return "–" if value in (None, "", {}, []) else str(value)
