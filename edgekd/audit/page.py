"""The audit as one self-contained page: what may be wrong, to be looked through, searched and filtered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

from edgekd.audit.audit import Audit
from edgekd.audit.disagreements import Disagreement, Doubt
from edgekd.audit.shares import FEWEST, Share, overall
from edgekd.bench.figures import percent
from edgekd.bench.pages.html import folded, page, table
from edgekd.bench.pages.readings import reading
from edgekd.data.examples import UNNAMED, Example, Prediction
from edgekd.teachers.teacher import well_formed

MOST_SHOWN = 2000
"""Disagreements on the page; all are in the files beside it."""

_SHARES_SHOWN = 10
_SEEN = (
    "These are the texts to learn from. A teacher that was trained on them has seen their labels, wrong ones "
    "too: it will repeat some, so that fewer show up here and the shares come out too low. Dev is judged "
    "without that."
)


def render(audit: Audit) -> str:
    """The page as HTML."""
    folder = files("edgekd.audit")
    return page(
        f"{audit.data} {audit.split}: edgekd audit",
        "".join([_head(audit), _warning(audit), _tiles(audit), _shares(audit.shares), _list(audit)]),
        style=folder.joinpath("page.css").read_text("utf-8"),
        script=folder.joinpath("page.js").read_text("utf-8"),
    )


def _head(audit: Audit) -> str:
    languages = len(audit.languages)
    facts = [
        f"{audit.task}, {audit.examples:,} examples"
        + (f" in {languages} languages" if languages > 1 else ""),
        f"read by {audit.teacher}",
    ]
    listed = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    title = escape(f"{audit.data} {audit.split}")
    return f'<header><p class="brand">edgekd audit</p><h1>{title}</h1><ul>{listed}</ul></header>\n'


def _warning(audit: Audit) -> str:
    return f'<section class="warning"><p>{_SEEN}</p></section>\n' if audit.split == "train" else ""


def _tiles(audit: Audit) -> str:
    found = len(audit.disagreements)
    tiles = [
        ("texts read differently", f"{found:,}", f"{percent(found / audit.examples)} of {audit.examples:,}")
    ]
    for kind, of in (("label", "labels"), ("slot", "words in slots")):
        if any(one.kind == kind for one in audit.shares):
            share = overall(audit.shares, kind)
            tiles.append((f"{of} estimated wrong", "–" if share is None else percent(share), "see below"))
    cells = "".join(
        f'<div class="tile"><p>{escape(name)}</p><strong>{escape(value)}</strong>'
        f"<small>{escape(note)}</small></div>"
        for name, value, note in tiles
    )
    return f'<section class="tiles">{cells}</section>\n'


def _shares(found: Sequence[Share]) -> str:
    """The labels with the largest shares, the others folded."""
    judged = sorted((one for one in found if one.wrong), key=lambda one: -one.wrong)
    rest = [one for one in found if not one.wrong]

    def rows(some: Sequence[Share]) -> str:
        header = ["label or slot", "given", "confident", "estimated wrong", "mostly found instead"]
        return table(header, [_share_row(one) for one in some])

    shown = rows(judged[:_SHARES_SHOWN]) if judged else "<p>No label is estimated to be wrong.</p>"
    others = [*judged[_SHARES_SHOWN:], *rest]
    if others:
        shown += folded(f"{len(others)} others", rows(others))
    note = (
        "Confident learning (Northcutt and others, 2021): of the texts that have a label and that the "
        "teacher is confident about, the share that it calls something else. Of slots, words are counted. "
        "What the teacher is sure of and wrong about counts too, so that a weak teacher makes the shares too "
        f"high. Without an estimate: fewer than {FEWEST} confident cases."
    )
    return f'<section><h2>How many may be wrong</h2>{shown}<p class="note">{note}</p></section>\n'


def _share_row(one: Share) -> list[str]:
    return [
        one.name if one.kind == "label" else f"slot {one.name}",
        f"{one.given:,}",
        f"{one.confident:,}",
        "–" if one.wrong is None else percent(one.wrong),
        "" if one.instead is None else one.instead or f"no {one.kind}",
    ]


def _list(audit: Audit) -> str:
    if not audit.disagreements:
        return "<section><h2>Read differently</h2><p>Nothing: they agree on every text.</p></section>\n"
    shown = audit.disagreements[:MOST_SHOWN]
    pairs = Counter(pair for one in shown for pair in {_pair(doubt) for doubt in one.doubts})
    number = {pair: str(index) for index, (pair, _) in enumerate(pairs.most_common())}
    cards = "".join(_card(one, number) for one in shown)
    more = len(audit.disagreements) - len(shown)
    note = (
        "Surest first: by how much more probable the teacher's reading is than the data's. What differs is "
        "marked. " + (f"{more:,} more are in the files beside this page." if more else "")
    )
    return (
        f'<section class="found"><h2>Read differently</h2><p class="note">{note}</p>'
        f'<form role="search">{_controls(audit, number, pairs)}</form>{cards}</section>\n'
    )


def _controls(audit: Audit, number: dict[str, str], pairs: Counter[str]) -> str:
    """Search, language and pair; the script fills in the count."""
    choices = "".join(
        f'<option value="{number[pair]}">{escape(pair)} ({times:,})</option>'
        for pair, times in pairs.most_common()
    )
    languages = "".join(f"<option>{escape(language)}</option>" for language in audit.languages)
    language = (
        '<select name="language" aria-label="Language"><option value="">all languages</option>'
        f"{languages}</select>"
    )
    return (
        '<input name="words" type="search" placeholder="Search" aria-label="Search">'
        + (language if len(audit.languages) > 1 else "")
        + '<select name="pair" aria-label="Given and found"><option value="">all labels and slots</option>'
        f"{choices}</select><output></output>"
    )


def _card(one: Disagreement, number: dict[str, str]) -> str:
    text = well_formed(one.example.text)
    given, said = _reading(one.example), _reading(one.said)
    rows = "".join(
        f"<dt>{who}</dt><dd>{reading(text, ours, theirs)}</dd>"
        for who, ours, theirs in (("data", given, said), ("teacher", said, given))
    )
    language = "" if one.example.language == UNNAMED else escape(one.example.language)
    pairs = " ".join(sorted({number[_pair(doubt)] for doubt in one.doubts}))
    votes = f", {one.agreeing} of {one.asked} teachers" if one.asked > 1 else ""
    return (
        f'<article lang="{language}" data-pairs="{pairs}">'
        f'<span class="language">{language} #{one.index}</span>'
        f"<dl>{rows}<dt>surer by</dt><dd>{percent(one.margin)}{votes}</dd></dl></article>\n"
    )


def _pair(doubt: Doubt) -> str:
    """What is given and what is found, in words."""
    given, said = (name or f"no {doubt.kind}" for name in (doubt.given, doubt.said))
    prefix = "slot " if doubt.kind == "slot" else ""
    return f"{prefix}{given} → {said}" if given != said else f"{prefix}{given}: other bounds"


def _reading(one: Example | Prediction) -> dict[str, Any]:
    slots = [{"start": span.start, "end": span.end, "slot": span.slot} for span in one.spans]
    return {"labels": list(one.labels), "slots": slots}
