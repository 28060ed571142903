"""Comparisons as Markdown, for the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.peers.standing import standing
from bench.peers.tables import HEADER, NOTES, details, rows, title
from edgekd.bench.verdict import NOISY


def as_markdown(found: Mapping[str, Any]) -> str:
    """A table for each data set, with where the student stands.

    Args:
        found: as `__main__` writes it: machine, command, and the comparisons under "data_sets".
    """
    parts = []
    for one in found["data_sets"]:
        parts += [f"**{_plain(title(one))}**", _table(HEADER, rows(one))]
        if one["noise"]["noisy"]:
            parts.append(f"{NOISY}.")
        parts.append(_plain(" ".join(standing(one))))
        parts.append("\n".join(f"- {_plain(name)}: {_plain(what)}" for name, what in details(one)))
    return "\n\n".join([*parts, *NOTES, f"    {found['command']}"]) + "\n"


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    ruled = [
        header,
        ["---", *["---:"] * (len(header) - 1)],
        *([_plain(cell) for cell in line] for line in lines),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in ruled)


def _plain(text: str) -> str:
    """Without what Markdown would read as its own."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>|#" else one for one in text.replace("\n", " "))
