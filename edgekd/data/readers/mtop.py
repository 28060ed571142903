"""MTOP, read flat: {"question", "logical_form"} a line; the outermost intent and the first level of slots.

Li et al., "MTOP: A Comprehensive Multilingual Task-Oriented Semantic Parsing Benchmark", EACL 2021.
"""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path

from edgekd.data.examples import Example, Span
from edgekd.data.readers.jsonl import SUFFIXES, json_rows
from edgekd.data.readers.reading import Reading, files_of, split_of
from edgekd.data.readers.rows import Columns
from edgekd.errors import DataError

KEYS = ("question", "logical_form")
Slot = tuple[str, list[list[str]]]
"""A slot's name and the runs of words in it: one run, or several where slots are nested in it."""


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read a file, or the files of a folder, one split each; the language is English unless a locale says."""
    for path in files_of(source, SUFFIXES):
        for where, row in json_rows(path):
            try:
                text, logical_form = (str(row[key]) for key in KEYS)
                intent, slots = flat(logical_form)
            except KeyError as error:
                raise DataError(
                    f"{where} has no key {error}", expected=f"the keys {', '.join(KEYS)}"
                ) from None
            except ValueError:
                raise DataError(f"{where}: {logical_form!r} is not [IN:INTENT [SL:SLOT words ] ]") from None
            spans = locate(slots, text)
            if spans is None:
                reading.skipped["slot words not found in the text"] += 1
            else:
                reading.add(
                    split_of(path), Example(text, str(row.get("locale", "en")), (intent,), tuple(spans))
                )


def flat(logical_form: str) -> tuple[str, list[Slot]]:
    """The outermost intent, and the slots directly in it.

    Raises:
        ValueError: it does not begin with an intent, or its brackets do not match.
    """
    first, *tokens = logical_form.split()
    if not first.startswith("[IN:") or not tokens:
        raise ValueError(logical_form)
    slots: list[Slot] = []
    depth = 1
    new_run = True
    for token in tokens:
        if token == "]":
            depth -= 1
            new_run = True
        elif token.startswith(("[IN:", "[SL:")):
            if depth == 1:
                slots.append((token[4:], []))
            depth += 1
            new_run = True
        elif depth > 1:
            runs = slots[-1][1]
            if new_run:
                runs.append([])
            runs[-1].append(token)
            new_run = False
    if depth:
        raise ValueError(logical_form)
    return first[4:], [slot for slot in slots if slot[1]]


def locate(slots: list[Slot], text: str) -> list[Span] | None:
    """Where the slots lie in the text, found by their words, or None if some cannot be found.

    The runs of words are sought as whole words in the order of the logical form, which is nearly always that
    of the text. Where it is not, each slot is sought by itself in what the others leave free.
    """
    runs = [run for _, runs in slots for run in runs]
    whole = re.search(".*?".join(map(_pattern, runs)), text, re.DOTALL)
    if whole:
        ends = list(accumulate(len(runs) for _, runs in slots))
        starts = [0, *ends]
        return [
            Span(whole.start(start + 1), whole.end(end), name)
            for (name, _), start, end in zip(slots, starts, ends, strict=False)
        ]
    spans: list[Span] = []
    for name, runs in slots:
        candidates = re.finditer(".*?".join(map(_pattern, runs)), text, re.DOTALL)
        free = (
            match.span()
            for match in candidates
            if all(match.end() <= span.start or span.end <= match.start() for span in spans)
        )
        found = next(free, None)
        if found is None:
            return None
        spans.append(Span(*found, name))
    return sorted(spans)


def _pattern(run: list[str]) -> str:
    """The words of a run with any space between them ("Brown 's" is Brown's), bounded like whole words."""
    return r"((?<!\w)" + r"\s*".join(map(re.escape, run)) + r"(?!\w))"
