"""An utterance as somebody might type or say it: with fillers, lower case, missing marks, typing errors."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence

from edgekd.corpus.grammar import Grammar, Piece, draw
from edgekd.data.examples import Example, Span

_QUESTION_MARKS = "?？؟"
_FREE_TEXT = "message"  # a slot that swallows what follows it

# Shares of utterances with each kind of noise.
_FILLER, _POLITE, _LOWER, _NO_CAPITAL, _STOP, _NO_QUESTION_MARK, _TYPO = 0.12, 0.12, 0.4, 0.25, 0.3, 0.4, 0.08


def utter(grammar: Grammar, intent: str, chance: random.Random) -> Example:
    """An utterance of an intent, labelled."""
    pieces = draw(chance.choice(grammar.intents[intent]), grammar.slots, chance)
    asks = any(mark in words for words, _ in pieces for mark in _QUESTION_MARKS)
    if chance.random() < _FILLER:
        pieces.insert(0, (chance.choice(grammar.before) + grammar.space, None))
    if not asks and pieces[-1][1] != _FREE_TEXT and chance.random() < _POLITE:
        pieces.append((grammar.space + chance.choice(grammar.after), None))
    if asks and chance.random() < _NO_QUESTION_MARK:
        pieces = [
            (words.strip("¿" + _QUESTION_MARKS) if slot is None else words, slot) for words, slot in pieces
        ]
    elif not asks and chance.random() < _STOP:
        pieces.append((grammar.stop, None))
    if chance.random() < _LOWER:
        pieces = [(words.lower(), slot) for words, slot in pieces]
    elif chance.random() >= _NO_CAPITAL:
        pieces = _capitalised(pieces)
    if chance.random() < _TYPO:
        pieces = _mistyped(pieces, chance)
    text, spans = join(pieces)
    return Example(text, grammar.language, (intent,), spans)


def join(pieces: Sequence[Piece]) -> tuple[str, tuple[Span, ...]]:
    """The text of pieces and the spans of their slots; white space between pieces is made one space or none.

    There is none at either end and before punctuation.
    """
    text = ""
    spans = []
    for words, slot in pieces:
        words = re.sub(r"\s+", " ", words)
        if not text or text.endswith(" "):
            words = words.lstrip()
        if re.match(r"\s?[.,:?？؟।。]", words):
            text, words = text.rstrip(), words.lstrip()
        if slot:
            spans.append(Span(len(text), len(text) + len(words), slot))
        text += words
    return text.rstrip(), tuple(spans)


def _capitalised(pieces: Sequence[Piece]) -> list[Piece]:
    """The first letter as a capital."""
    pieces = list(pieces)
    for index, (words, slot) in enumerate(pieces):
        first = re.search(r"[^\W_]", words)
        if first:
            pieces[index] = words[: first.start()] + first[0].upper() + words[first.end() :], slot
            break
    return pieces


def _mistyped(pieces: Sequence[Piece], chance: random.Random) -> list[Piece]:
    """Two neighbouring letters swapped, or one lost or doubled, inside a long word of a script with case."""
    pieces = list(pieces)
    places = [
        (index, at)
        for index, (words, _) in enumerate(pieces)
        for word in re.finditer(r"[^\W\d_]{5,}", words)
        for at in range(word.start() + 1, word.end() - 2)
        if all(unicodedata.category(char) in ("Ll", "Lu") for char in words[at : at + 2])
    ]
    if places:
        index, at = chance.choice(places)
        words, slot = pieces[index]
        pair = words[at : at + 2]
        typed = chance.choice([pair[::-1], pair[0], pair[0] + pair])
        pieces[index] = words[:at] + typed + words[at + 2 :], slot
    return pieces
