"""MASSIVE: a file of JSON lines per locale, all splits in it; slots inline as `[slot : words]`.

FitzGerald et al., "MASSIVE: A 1M-Example Multilingual Natural Language Understanding Dataset", 2022.
"""

from __future__ import annotations

import re
from pathlib import Path

from edgekd.data.examples import Example, Span
from edgekd.data.readers.jsonl import SUFFIXES, json_rows
from edgekd.data.readers.reading import SPLITS, Reading, checked, files_of, stem
from edgekd.data.readers.rows import Columns
from edgekd.errors import DataError

KEYS = ("locale", "partition", "intent", "utt", "annot_utt")
_LOCALE = re.compile(r"[a-z]{2}-[A-Z]{2}")
_SLOT = re.compile(r"\[\s*(?P<slot>[^\[\]:]+?)\s*:\s*(?P<words>[^\[\]]*?)\s*\]")


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read the files of the wanted locales."""
    for path in files_of(source, SUFFIXES):
        if _LOCALE.fullmatch(stem(path)) and not reading.wants(stem(path)):
            continue
        for where, row in json_rows(path):
            try:
                locale, partition, intent, text, annotated = (str(row[key]) for key in KEYS)
            except KeyError as error:
                raise DataError(
                    f"{where} has no key {error}", expected=f"the keys {', '.join(KEYS)}"
                ) from None
            spans = locate(annotated, text)
            if spans is None:
                reading.skipped["annotation differs from its text"] += 1
                continue
            labels = (intent,)
            reading.add(
                SPLITS.get(partition, partition), Example(text, locale, labels, checked(spans, text, where))
            )


def locate(annotated: str, text: str) -> list[Span] | None:
    """The spans of `text` that `annotated` marks, or None if the two differ in more than white space.

    Spaces around brackets are not in the text of languages written without them, so characters are matched by
    their number among those that are not white space.
    """
    solid = [index for index, char in enumerate(text) if not char.isspace()]
    spans, plain, end = [], "", 0
    for match in _SLOT.finditer(annotated):
        plain += _without_space(annotated[end : match.start()])
        words = _without_space(match["words"])
        spans.append((len(plain), len(plain) + len(words), match["slot"]))
        plain += words
        end = match.end()
    plain += _without_space(annotated[end:])
    if plain != _without_space(text):
        return None
    return [Span(solid[start], solid[end - 1] + 1, slot) for start, end, slot in spans if start < end]


def _without_space(text: str) -> str:
    return "".join(text.split())
