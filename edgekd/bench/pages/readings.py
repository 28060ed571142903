"""Labelled texts on the report page: the words with their slots marked, wrong ones in another colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any


def difference_cards(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    """One card per example: the teacher's reading, which is right, above the student's."""
    return [_card(one) for one in differences]


def _card(one: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<dt>{who}</dt><dd>{reading(one['text'], one[who], one['expected'])}</dd>"
        for who in ("teacher", "student")
    )
    language = escape(one["language"])
    return f'<article lang="{language}"><span class="language">{language}</span><dl>{rows}</dl></article>'


def reading(text: str, said: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """Labels as chips, then the text with its slots; what is not expected is of class "wrong".

    Args:
        said, expected: "labels", and "slots" of "start", "end" and "slot".
    """
    labels = said["labels"] or (["no label"] if expected["labels"] else [])
    chips = "".join(
        f'<b class="chip{"" if label in expected["labels"] else " wrong"}">{escape(label)}</b>'
        for label in labels
    )
    pieces, position = [], 0
    for slot in said["slots"]:
        pieces.append(escape(text[position : slot["start"]]))
        wrong = "" if slot in expected["slots"] else ' class="wrong"'
        words = escape(text[slot["start"] : slot["end"]])
        pieces.append(f"<mark{wrong}>{words}<small>{escape(slot['slot'])}</small></mark>")
        position = slot["end"]
    pieces.append(escape(text[position:]))
    return f'{chips}<bdi class="text">{"".join(pieces)}</bdi>'
