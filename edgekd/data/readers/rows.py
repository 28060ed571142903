"""Rows with named columns (JSONL, CSV, Hugging Face) as examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgekd.data.align import spans_from_tags
from edgekd.data.examples import UNNAMED, Example, Span
from edgekd.data.readers.reading import checked, join_tokens
from edgekd.errors import DataError

TEXT = ("text", "utterance", "utt", "sentence", "query", "question")
LABEL = ("labels", "label", "intent", "intents")
LANGUAGE = ("language", "lang", "locale")
SPANS = ("spans", "slots", "entities")
TOKENS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "slot_tags", "bio")


@dataclass(frozen=True)
class Columns:
    """Which columns hold what. None: the first of the usual names that the data has.

    Attributes:
        separator: splits the label column into several labels, for multi-label tables: "|" for "a|b".
    """

    text: str | None = None
    label: str | None = None
    language: str | None = None
    spans: str | None = None
    separator: str | None = None


@dataclass(frozen=True)
class RowReader:
    """Turns rows of one file into examples; columns that are absent are None."""

    text: str | None
    label: str | None
    language: str | None
    spans: str | None
    tokens: str | None
    tags: str | None
    separator: str | None

    @classmethod
    def of(cls, names: Sequence[str], columns: Columns, where: str, *, labelled: bool = True) -> RowReader:
        """Choose among the columns that exist.

        Args:
            names: the columns of the file.
            where: the file, for messages.
            labelled: labels or spans are needed too, not only text.

        Raises:
            DataError: a column that was asked for, or one for the text, is not there.
        """

        def choose(wanted: str | None, usual: Sequence[str], option: str = "") -> str | None:
            if wanted is None:
                return next((name for name in usual if name in names), None)
            if wanted in names:
                return wanted
            raise DataError(
                f"{where} has no column {wanted!r}; its columns are: {_listed(names)}",
                fix=f"name one of them with {option}",
            )

        reader = cls(
            text=choose(columns.text, TEXT, "--text-column"),
            label=choose(columns.label, LABEL, "--label-column"),
            language=choose(columns.language, LANGUAGE, "--language-column"),
            spans=choose(columns.spans, SPANS, "--spans-column"),
            tokens=choose(None, TOKENS),
            tags=choose(None, TAGS),
            separator=columns.separator,
        )
        if reader.text is None and reader.tokens is None:
            raise DataError(
                f"{where} has no column of text; its columns are: {_listed(names)}",
                expected=f"one of {', '.join(TEXT)}",
                fix="name the column with --text-column",
            )
        if labelled and reader.label is None and reader.spans is None and not (reader.tokens and reader.tags):
            raise DataError(
                f"{where} has no column of labels or spans; its columns are: {_listed(names)}",
                expected=f"one of {', '.join((*LABEL, *SPANS))}, or tokens and tags",
                fix="name the column with --label-column or --spans-column",
            )
        return reader

    def example(self, row: Mapping[str, Any], where: str, language: str = UNNAMED) -> Example:
        """The example of a row.

        Args:
            where: file and line, for messages.
            language: where the row does not say.
        """
        if self.text is not None:
            text = row.get(self.text)
            spans = self._spans(row.get(self.spans), where) if self.spans else []
        else:
            text, spans = self._tagged(row, where)
        if text is None:
            text = ""
        if not isinstance(text, str):
            raise DataError(f"{where}: the text is {text!r}", expected="a string")
        return Example(
            text=text,
            language=str(row.get(self.language) or language) if self.language else language,
            labels=self._labels(row.get(self.label), where) if self.label else (),
            spans=checked(spans, text, where) if text.strip() else (),
        )

    def _labels(self, value: Any, where: str) -> tuple[str, ...]:
        if self.separator is not None and isinstance(value, str):
            value = [label.strip() for label in value.split(self.separator) if label.strip()]
        if isinstance(value, (list, tuple)):
            return tuple(sorted({str(label) for label in value}))
        if value is None or value == "":
            raise DataError(
                f"{where}: there is no label",
                expected="a label in every row; an empty list where several or none may hold",
            )
        if isinstance(value, Mapping):
            raise DataError(f"{where}: the label is {value!r}", expected="a string or a list of strings")
        return (str(value),)

    def _spans(self, value: Any, where: str) -> list[Span]:
        if isinstance(value, str):
            try:
                value = json.loads(value) if value.strip() else []
            except ValueError:
                raise DataError(f"{where}: the spans {value!r} are not JSON", expected=_SPANS_FORM) from None
        try:
            return [
                Span(
                    int(span["start"]),
                    int(span["end"]),
                    str(span["slot"] if "slot" in span else span["label"]),
                )
                for span in value or ()
            ]
        except (KeyError, TypeError, ValueError, OverflowError):
            raise DataError(f"{where}: the spans are {value!r}", expected=_SPANS_FORM) from None

    def _tagged(self, row: Mapping[str, Any], where: str) -> tuple[str, list[Span]]:
        words = [str(word) for word in row.get(self.tokens) or ()]
        text, offsets = join_tokens(words)
        if self.tags is None:
            return text, []
        tags = row.get(self.tags) or ()
        if len(tags) != len(words):
            raise DataError(
                f"{where}: {len(words)} tokens and {len(tags)} tags", expected="a tag for each token"
            )
        if not all(isinstance(tag, str) for tag in tags):
            raise DataError(
                f"{where}: the tags are not strings but {tags!r}", expected="BIO tags such as B-date"
            )
        return text, list(spans_from_tags(tags, offsets))


_SPANS_FORM = 'a list of {"start": 0, "end": 4, "slot": "name"}, in code points, end exclusive'


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
