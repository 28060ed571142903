"""Pieces of HTML that several sections of a page use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files


def page(title: str, content: str, *, style: str = "", script: str = "") -> str:
    """A whole page that needs nothing else, light or dark as its reader's system is.

    Args:
        title: of the window.
        content: the sections.
        style: CSS beyond that of every page.
        script: JavaScript that runs once the content is there.
    """
    common = files("edgekd.bench.pages").joinpath("page.css").read_text("utf-8")
    run = f"<script>\n{script}</script>\n" if script else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{common}{style}</style>\n</head>\n"
        f"<body>\n<main>\n{content}</main>\n{run}</body>\n</html>\n"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names the rows; it scrolls by itself where it is too wide."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in others)}</tr>"
        for first, *others in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def folded(summary: str, content: str) -> str:
    """Something that is shown on request."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def row(name: str, drawn: str, value: str = "") -> str:
    """A line of a chart: on a phone, name and value stand above the drawing."""
    return (
        f'<div class="row">{name or "<span class=name></span>"}<div class="drawn">{drawn}</div>{value}</div>'
    )


def name(text: str, detail: str) -> str:
    """The name of a line, with something small below it."""
    return f'<span class="name">{escape(text)}<small>{escape(detail)}</small></span>'
