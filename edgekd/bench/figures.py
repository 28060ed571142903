"""Figures as people read them, the same on the terminal and on the page."""

from __future__ import annotations


def percent(share: float | None) -> str:
    """0.9624 -> 96.2%; a dash for None."""
    return "–" if share is None else f"{100 * share:.1f}%"


def microseconds(value: float | None) -> str:
    """141.3 -> 141 µs, 7104 -> 7.10 ms, 1.2e6 -> 1.20 s: three figures; a dash for None."""
    if value is None:
        return "–"
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if value >= size:
            return f"{_three_figures(value / size)} {unit}"
    return f"{_three_figures(value)} µs"


def milliseconds(value: float | None) -> str:
    """As `microseconds`, from milliseconds."""
    return microseconds(None if value is None else value * 1e3)


def size(count: float | None) -> str:
    """1070000 -> 1.07 MB, of 10^6 bytes; a dash for None."""
    if count is None:
        return "–"
    for unit, unit_bytes in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(count) >= unit_bytes:
            return f"{_three_figures(count / unit_bytes)} {unit}"
    return f"{count:.0f} bytes"


def counted(number: int | str, noun: str) -> str:
    """1, "thread" -> 1 thread; 2, "thread" -> 2 threads."""
    return f"{number} {noun}" if str(number) == "1" else f"{number} {noun}s"


def times(factor: float) -> str:
    """52.4 -> 52×, 5.43 -> 5.4×, 0.087 -> 0.09×."""
    return f"{factor:.0f}×" if factor >= 10 else f"{factor:.1f}×" if factor >= 1 else f"{factor:.2f}×"


def _three_figures(value: float) -> str:
    return (
        f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"
    )
