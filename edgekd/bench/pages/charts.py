"""The drawings of the report page: inline SVG placed in percentages, which stretches while its text does not.

Colours and strokes are classes of page.css, which knows light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

BAR_HEIGHT, RIDGE_HEIGHT, AXIS_HEIGHT, SERIES_HEIGHT = 26, 58, 22, 130


def drawing(height: int, label: str, *parts: str) -> str:
    """An SVG as wide as its place; `label` says it to those who do not see it."""
    return (
        f'<svg width="100%" height="{height}" role="img" aria-label="{escape(label, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )


def bar(
    share: float,
    label: str,
    *,
    kind: str,
    line: float | None = None,
    interval: tuple[float, float] | None = None,
) -> str:
    """A horizontal bar.

    Args:
        share: of the width, 0 to 1.
        kind: class of the bar: "student", "teacher", "pass", "fail", "unsure".
        line: where the gate is drawn through, 0 to 1.
        interval: where a thin line shows how far the value might be off, both 0 to 1.
    """
    parts = [
        f'<rect class="track" x="0" y="6" width="100%" height="{BAR_HEIGHT - 12}" rx="4"/>',
        f'<rect class="{kind}" x="0" y="6" width="{_percent(share)}" height="{BAR_HEIGHT - 12}" rx="4"/>',
    ]
    if interval:
        middle = BAR_HEIGHT / 2
        low, high = (_percent(end) for end in interval)
        parts.append(f'<line class="interval" x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>')
        parts += [_vertical(end, middle - 4, middle + 4, "interval") for end in interval]
    if line is not None:
        parts.append(_vertical(line, 0, BAR_HEIGHT, "gate"))
    return drawing(BAR_HEIGHT, label, *parts)


def bar_axis(line: float, caption: str) -> str:
    """What stands above the bars: the name of the gate's line."""
    return drawing(
        AXIS_HEIGHT,
        caption,
        _text(line, AXIS_HEIGHT - 8, caption, "gate-name"),
        _vertical(line, 17, AXIS_HEIGHT, "gate"),
    )


class LogScale:
    """Microseconds to a place from 0 to 1, logarithmic."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._span = math.log(low), math.log(high / low)

    @classmethod
    def over(cls, histograms: Sequence[Mapping[str, Sequence[float]]]) -> LogScale:
        """Room for all of them, and a margin of 15 % at both ends."""
        low = min(one["edges_us"][0] for one in histograms)
        high = max(one["edges_us"][-1] for one in histograms)
        return cls(low / 1.15, high * 1.15)

    def place(self, value: float) -> float:
        """0 at the left, 1 at the right; beyond them outside."""
        return (math.log(value) - self._low) / self._span

    def ticks(self) -> list[float]:
        """1, 2 and 5 times powers of ten that lie inside; the powers alone where those are too many."""
        fine = [digit * 10.0**decade for decade in range(9) for digit in (1, 2, 5)]
        inside = [value for value in fine if 0.03 < self.place(value) < 0.97]
        return inside if len(inside) <= 8 else [value for value in inside if is_power_of_ten(value)]


def is_power_of_ten(value: float) -> bool:
    """Whether a tick is a main one."""
    return math.log10(value).is_integer()


def ridge(
    histogram: Mapping[str, Sequence[float]],
    scale: LogScale,
    marks: Mapping[str, float],
    label: str,
    kind: str,
) -> str:
    """A latency distribution, as high as it goes, with marks such as p50."""
    edges, counts = histogram["edges_us"], histogram["counts"]
    highest = max(max(counts), 1)
    bars = []
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        height = (RIDGE_HEIGHT - 8) * count / highest
        x, width = scale.place(left), scale.place(right) - scale.place(left)
        bars.append(
            f'<rect class="{kind}" x="{_percent(x)}" y="{RIDGE_HEIGHT - height:.1f}" '
            f'width="{_percent(width * 1.02)}" height="{height:.1f}"/>'
        )
    lines = [_vertical(scale.place(value), 0, RIDGE_HEIGHT, f"mark {name}") for name, value in marks.items()]
    base = f'<line class="base" x1="0" x2="100%" y1="{RIDGE_HEIGHT - 0.5}" y2="{RIDGE_HEIGHT - 0.5}"/>'
    return drawing(RIDGE_HEIGHT, label, *bars, base, *lines)


def log_axis(scale: LogScale, names: Mapping[float, str]) -> str:
    """The names of the ticks below ridges; those between powers of ten go where there is no room."""
    parts = [
        _text(scale.place(value), AXIS_HEIGHT - 6, name, "tick" if is_power_of_ten(value) else "tick minor")
        for value, name in names.items()
    ]
    return drawing(AXIS_HEIGHT, "scale", *parts)


def series(
    values: Sequence[float | None],
    intervals: Sequence[tuple[float, float]] | None,
    kinds: Sequence[str],
    names: Sequence[str],
    show: Callable[[float], str],
) -> str:
    """Figures one after the other, evenly spaced.

    Args:
        values: None where there is none.
        intervals: of each value, drawn as thin lines.
        kinds: classes of the dots: "pass", "fail", "unsure" or "none".
        names: said where the pointer rests.
        show: a value in words.
    """
    known = [value for value in values if value is not None]
    ends = [*known, *(end for interval in intervals or () for end in interval)]
    low, high = min(ends), max(ends)
    room = 0.15 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - room, high + room

    def x(place: int) -> float:
        return 0.1 + 0.86 * (place / max(len(values) - 1, 1))

    def y(value: float) -> float:
        return SERIES_HEIGHT * (high - value) / (high - low)

    parts = []
    for value in sorted({min(known), max(known)}):
        parts.append(f'<line class="base" x1="0" x2="100%" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text class="tick" x="0" y="{y(value) - 4:.1f}">{escape(show(value))}</text>')
    places = [place for place, value in enumerate(values) if value is not None]
    for one, next_one in zip(places, places[1:], strict=False):
        parts.append(
            f'<line class="series" x1="{_percent(x(one))}" y1="{y(values[one]):.1f}" '
            f'x2="{_percent(x(next_one))}" y2="{y(values[next_one]):.1f}"/>'
        )
    for place in places:
        if intervals:
            bottom, top = (y(end) for end in intervals[place])
            parts.append(_vertical(x(place), round(top), round(bottom), "interval"))
        told = escape(f"{names[place]}: {show(values[place])}")
        where = f'cx="{_percent(x(place))}" cy="{y(values[place]):.1f}" r="4.5"'
        parts.append(f'<circle class="dot {kinds[place]}" {where}><title>{told}</title></circle>')
    return drawing(SERIES_HEIGHT, f"{len(known)} figures, the last {show(known[-1])}", *parts)


def icon(kind: str) -> str:
    """A check ("pass"), a cross ("fail"), a question mark ("unsure") or a dash ("none") in a disc."""
    strokes = {
        "pass": "M14 25 l7 7 13 -15",
        "fail": "M16 16 l16 16 M32 16 l-16 16",
        "unsure": "M18 19 a6 6 0 1 1 8 6 q-2 1 -2 4 M24 34 v1",
        "none": "M15 24 h18",
    }
    return (
        f'<svg class="icon" width="48" height="48" viewBox="0 0 48 48" aria-hidden="true">'
        f'<circle class="{kind}" cx="24" cy="24" r="24"/><path d="{strokes[kind]}"/></svg>'
    )


def _vertical(place: float, top: int, bottom: int, kind: str) -> str:
    return f'<line class="{kind}" x1="{_percent(place)}" x2="{_percent(place)}" y1="{top}" y2="{bottom}"/>'


def _text(place: float, y: int, words: str, kind: str) -> str:
    anchor = "end" if place > 0.85 else "middle"  # so that nothing runs over the edge on a phone
    return f'<text class="{kind}" x="{_percent(place)}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"
