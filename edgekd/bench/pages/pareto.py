"""Quality against latency, with size as area: what is left and high is good, and small is better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from edgekd.bench.figures import microseconds, percent, size
from edgekd.bench.pages.charts import LogScale, drawing
from edgekd.bench.verdict import METRIC_NAMES, Report, first_latency, main_metric

HEIGHT, MARGIN, FOOT = 300, 16, 26
_LARGEST, _SMALLEST = 46.0, 4.0
_WIDTH, _LETTER, _LINE = 440, 6.6, 14  # pixels: of the drawing on a phone, of a letter, of a line of text


@dataclass(frozen=True)
class Point:
    """Something that was measured.

    Attributes:
        kind: class of the disc, "student" or "teacher".
    """

    name: str
    quality: float
    latency_us: float
    bytes: int | None
    kind: str


def pareto(report: Report) -> str:
    """The section of a page; nothing where there are fewer than two points."""
    metric = main_metric(report)
    points = _points(report, metric)
    if len(points) < 2:
        return ""
    note = "The area of a disc is the size of its file. Latency is p50, on a logarithmic scale."
    return (
        f"<section><h2>Quality against latency</h2>{plot(points, METRIC_NAMES[metric])}"
        f'<p class="note">{note}</p></section>\n'
    )


def plot(points: Sequence[Point], metric: str) -> str:
    """The drawing."""
    latencies, qualities = [one.latency_us for one in points], [one.quality for one in points]
    scale = LogScale(min(latencies) / 2, max(latencies) * 2)
    low, high = min(qualities), max(qualities)
    room = max(0.25 * (high - low), 0.01)
    low, high = max(low - room, 0.0), min(high + room, 1.05)
    most = max((one.bytes or 0 for one in points), default=0) or 1
    parts, names = [], _Names()
    for share in (0.0, 0.5, 1.0):
        y = MARGIN + share * (HEIGHT - MARGIN - FOOT)
        value = high - share * (high - low)
        parts.append(f'<line class="base" x1="0" x2="100%" y1="{y:.0f}" y2="{y:.0f}"/>')
        parts.append(f'<text class="tick" x="0" y="{y - 4:.0f}">{percent(value)}</text>')
    for tick in scale.ticks():
        place = f'x="{100 * scale.place(tick):.2f}%" y="{HEIGHT - 6}"'
        parts.append(f'<text class="tick" {place} text-anchor="middle">{microseconds(tick)}</text>')
    for one in sorted(points, key=lambda point: -(point.bytes or 0)):
        x = 100 * scale.place(one.latency_us)
        y = MARGIN + (high - one.quality) / (high - low) * (HEIGHT - MARGIN - FOOT)
        radius = max(_LARGEST * ((one.bytes or 0) / most) ** 0.5, _SMALLEST)
        told = (
            f"{one.name}: {percent(one.quality)} {metric}, {microseconds(one.latency_us)}, {size(one.bytes)}"
        )
        anchor, shift = ("end", -radius - 6) if x > 60 else ("start", radius + 6)
        beside = names.place(x, shift, y + 4, len(one.name))
        parts.append(
            f'<g><title>{escape(told)}</title><circle class="disc {one.kind}" cx="{x:.2f}%" cy="{y:.1f}" '
            f'r="{radius:.1f}"/><text class="point" x="{x:.2f}%" dx="{shift:.0f}" y="{beside:.1f}" '
            f'text-anchor="{anchor}">{escape(one.name)}</text></g>'
        )
    every = ", ".join(one.name for one in points)
    return drawing(HEIGHT, f"{metric} against latency: {every}", *parts)


class _Names:
    """Keeps names apart from each other, even at the width of a phone."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float, float]] = []

    def place(self, x: float, shift: float, y: float, letters: int) -> float:
        """The height nearest to `y` that is free.

        Args:
            x: of the disc, in percent; `shift` pixels from there the name begins, or ends if it is negative.
        """
        near = x / 100 * _WIDTH + shift
        far = near + math.copysign(letters * _LETTER, shift)
        left, right = sorted((near, far))
        for away in (step * _LINE for line in range(1 + len(self._taken)) for step in (line, -line)):
            if _LINE < y + away < HEIGHT - FOOT and not any(
                left < end and start < right and abs(y + away - other) < _LINE
                for start, end, other in self._taken
            ):
                y += away
                break
        self._taken.append((left, right, y))
        return y


def _points(report: Report, metric: str) -> list[Point]:
    several = len(report["targets"]) > 1
    found = []
    for target, on in report["targets"].items():
        where = f", {target}" if several else ""
        for name, one in on["runtimes"].items():
            timed = first_latency(one)
            if timed and one["scores"]:
                quality = one["scores"]["overall"][metric]
                found.append(Point(f"{name}{where}", quality, timed["p50_us"], one["bytes"], "student"))
        if on["teacher_latency"]:
            teacher = report["teacher"]
            quality, p50 = teacher["scores"]["overall"][metric], on["teacher_latency"]["p50_us"]
            found.append(Point(f"teacher{where}", quality, p50, teacher["bytes"], "teacher"))
    return found
