"""Comparisons as Markdown, for the README."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.peers.standing import standing
from bench.peers.tables import HEADER, NOTES, details, rows, title
from edgekd.bench.markdown import plain, table
from edgekd.bench.verdict import NOISY


def as_markdown(found: Mapping[str, Any]) -> str:
    """A table for each data set, with where the student stands.

    Args:
        found: as `__main__` writes it: machine, command, and the comparisons under "data_sets".
    """
    parts = []
    for one in found["data_sets"]:
        parts += [
            f"**{plain(title(one))}**",
            table(HEADER, ([plain(cell) for cell in line] for line in rows(one)), numbers=True),
        ]
        if one["noise"]["noisy"]:
            parts.append(f"{NOISY}.")
        parts.append(plain(" ".join(standing(one))))
        parts.append("\n".join(f"- {plain(name)}: {plain(what)}" for name, what in details(one)))
    return "\n\n".join([*parts, *NOTES, f"    {found['command']}"]) + "\n"
