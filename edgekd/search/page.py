"""search.html: what was tried, what it came to, and what decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from edgekd.bench.figures import microseconds, percent, size
from edgekd.bench.pages.charts import LogScale, bar, drawing
from edgekd.bench.pages.html import name, page, row, table
from edgekd.bench.verdict import METRIC_NAMES
from edgekd.search.trial import State, Trial, ranked

_HEIGHT, _MARGIN, _FOOT = 300, 16, 26
_SHOWN = 8

COSTS: Mapping[str, tuple[str, Callable[[float | None], str]]] = {
    "latency": ("p50", microseconds),
    "size": ("size", size),
}
"""By kind of cost, what its figures are called and how they are shown."""


def render(results: Mapping[str, Any]) -> str:
    """The page as HTML, of the content of results.json."""
    trials = [Trial.from_json(one) for one in results["trials"]]
    states = [trial.state for trial in trials]
    facts = [
        f"{METRIC_NAMES[results['metric']]} on dev",
        "AutoDistiller" if results["auto"] else "Optuna",
        f"{len(trials)} trials: "
        + ", ".join(f"{states.count(state)} {state}" for state in State if state in states),
    ]
    head = (
        f'<header><p class="brand">edgekd search</p><h1>{escape(results["data"])}</h1>'
        f"<ul>{''.join(f'<li>{escape(fact)}</li>' for fact in facts)}</ul></header>\n"
    )
    sections = (_winner, _finalists, _history, _front, _importance, _table)
    return page(f"edgekd search {results['data']}", head + "".join(one(results, trials) for one in sections))


def changes(trial: Trial) -> str:
    """What a trial changed, in a line."""
    said = (f"{field.rpartition('.')[2]} {_value(value)}" for field, value in trial.changes.items())
    return ", ".join(said) or "nothing changed"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(one)}" for key, one in value.items()) + "}"
    return str(value)


def _winner(results: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    [winner] = [trial for trial in trials if trial.number == results["winner"]]
    changed = table(["field", "value"], [[field, _value(value)] for field, value in winner.changes.items()])
    return (
        f"<section><h2>Winner: trial {winner.number}</h2>{changed}"
        '<p class="note">What it changes in the recipe that the search started from. '
        "The whole recipe is in recipe.yaml.</p></section>\n"
    )


def _finalists(results: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    if not results["finalists"]:
        return ""
    rows = [
        [
            f"trial {one['trial']}",
            percent(one["by_search"]),
            percent(one["mean"]),
            "–" if one["deviation"] is None else f"{100 * one['deviation']:.1f}",
            percent(one["best"]),
            str(len(one["qualities"])),
        ]
        for one in results["finalists"]
    ]
    return (
        "<section><h2>The best again, with other seeds</h2>"
        f"{table(['', 'in the search', 'mean', 'deviation', 'best', 'seeds'], rows)}"
        '<p class="note">The figure in the search is the largest of many, and so partly luck; the mean is '
        "over seeds by which nothing was chosen before. The best mean wins.</p></section>\n"
    )


def _history(results: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    """Each complete trial as a dot, and the best so far as a line."""
    complete = [trial for trial in trials if trial.state is State.COMPLETE]
    span = max(trials[-1].number, 1)
    scale = _Quality(complete)
    parts, best, before = scale.lines(), 0.0, None
    for trial in complete:
        x = 8 + 90 * trial.number / span
        if trial.quality > best:
            best = trial.quality
            if before:
                parts.append(_line(before, (x, before[1])))
                parts.append(_line((x, before[1]), (x, scale.y(best))))
            before = (x, scale.y(best))
        kind = "pass" if trial.number in results["front"] else ""
        parts.append(_dot(x, scale.y(trial.quality), kind, _told(trial, results)))
    if before:
        parts.append(_line(before, (98.0, before[1])))
    label = f"the quality of {len(complete)} trials in their order; the best {percent(best)}"
    note = "By number. Green: nothing else is as good and as cheap. The line is the best so far."
    return _drawn("History", drawing(_HEIGHT, label, *parts), note)


def _front(results: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    """Quality against cost."""
    complete = [trial for trial in trials if trial.state is State.COMPLETE]
    if not results["cost"]:
        return ""
    title, show = COSTS[results["cost"]]
    costs = [trial.cost for trial in complete]
    across, scale = LogScale(min(costs) / 1.5, max(costs) * 1.5), _Quality(complete)
    parts = scale.lines()
    for tick in across.ticks():
        place = f'x="{100 * across.place(tick):.2f}%" y="{_HEIGHT - 6}" text-anchor="middle"'
        parts.append(f'<text class="tick" {place}>{escape(show(tick))}</text>')
    places = {trial.number: (100 * across.place(trial.cost), scale.y(trial.quality)) for trial in complete}
    on_front = sorted(results["front"], key=lambda number: places[number])
    parts += [_line(places[one], places[other]) for one, other in zip(on_front, on_front[1:], strict=False)]
    for trial in complete:
        kind = "pass" if trial.number in on_front else ""
        parts.append(_dot(*places[trial.number], kind, _told(trial, results)))
    label = f"quality against {title} of {len(complete)} trials, {len(on_front)} of them on the front"
    note = f"The {title} of the exported TFLite file is on a logarithmic scale. Green: the front."
    return _drawn(f"Quality against {title}", drawing(_HEIGHT, label, *parts), note)


def _importance(results: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    shares = results["importance"]
    if not shares:
        return ""
    rows = "".join(
        row(
            name(field, ""),
            bar(share, f"{field} {percent(share)}", kind="student"),
            f'<span class="value">{percent(share)}</span>',
        )
        for field, share in list(shares.items())[:_SHOWN]
    )
    what = "near the front" if results["cost"] else "among the best quarter"
    note = f"How much of what a trial is {what} by each field decides (PED-ANOVA). Few trials tell little."
    return _drawn("What decides", f'<div class="bars">{rows}</div>', note)


def _table(results: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    """Every trial, the best first; then those that did not end."""
    order = ranked(trials) + [trial for trial in trials if trial.state is not State.COMPLETE]
    title, show = COSTS.get(results["cost"], ("", str))
    header = ["trial", "", *[title] * bool(title), "epochs", "changes"]
    rows = [
        [
            str(trial.number),
            percent(trial.quality) if trial.state is State.COMPLETE else str(trial.state),
            *[show(trial.cost)] * bool(title),
            str(max(trial.curve, default=0)),
            trial.reason if trial.state is State.REFUSED else changes(trial),
        ]
        for trial in order
    ]
    return f"<section><h2>Trials</h2>{table(header, rows)}</section>\n"


class _Quality:
    """From a quality to a height in a drawing."""

    def __init__(self, complete: Sequence[Trial]) -> None:
        qualities = [trial.quality for trial in complete]
        room = max(0.1 * (max(qualities) - min(qualities)), 0.005)
        self._low, self._high = max(min(qualities) - room, 0.0), max(qualities) + room

    def y(self, quality: float) -> float:
        share = (self._high - quality) / (self._high - self._low)
        return _MARGIN + share * (_HEIGHT - _MARGIN - _FOOT)

    def lines(self) -> list[str]:
        """Grid and its names."""
        parts = []
        for share in (0.0, 0.5, 1.0):
            value = self._high - share * (self._high - self._low)
            y = self.y(value)
            parts.append(f'<line class="base" x1="0" x2="100%" y1="{y:.0f}" y2="{y:.0f}"/>')
            parts.append(f'<text class="tick" x="0" y="{y - 4:.0f}">{percent(value)}</text>')
        return parts


def _told(trial: Trial, results: Mapping[str, Any]) -> str:
    costs = f", {COSTS[results['cost']][1](trial.cost)}" if results["cost"] else ""
    return f"trial {trial.number}: {percent(trial.quality)}{costs}; {changes(trial)}"


def _dot(x: float, y: float, kind: str, told: str) -> str:
    return (
        f'<circle class="dot {kind}" cx="{x:.2f}%" cy="{y:.1f}" r="4.5">'
        f"<title>{escape(told)}</title></circle>"
    )


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="series" x1="{x1:.2f}%" x2="{x2:.2f}%" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def _drawn(title: str, content: str, note: str) -> str:
    return f'<section><h2>{escape(title)}</h2>{content}<p class="note">{escape(note)}</p></section>\n'
