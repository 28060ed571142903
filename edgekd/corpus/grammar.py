"""Grammars of utterances: a small text format, and drawing utterances from it.

A file is a language. Lines that begin with # are comments. A line at the margin opens a block, indented lines
are what is in it:

    unspaced                        the language puts no space between words
    stop                            what may end a statement
        .
    before                          fillers that may stand before an utterance
        hey, | ok,
    after                           politeness that may stand after a request
        please
    slot time                       the values of a slot, by |
        seven | half past eight
    intent set_alarm                a template a line
        wake me up at {time} [{date}]
        (set | make) an alarm for {time}

In a template {slot} is a value of the slot, [x] is x or nothing, (x | y) is x or y; they nest.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgekd.errors import DataError

FOLDER = Path(__file__).parent / "grammars"

Piece = tuple[str, str | None]
"""Words, and the slot they fill, if any."""


@dataclass(frozen=True)
class Slot:
    """A place for a value."""

    name: str


@dataclass(frozen=True)
class Choice:
    """One of several sequences; an empty one makes it optional."""

    options: tuple[Template, ...]


Template = tuple[str | Slot | Choice, ...]


@dataclass
class Grammar:
    """The utterances of a language."""

    language: str
    slots: dict[str, list[str]] = field(default_factory=dict)
    intents: dict[str, list[Template]] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    stop: str = ""
    space: str = " "


def languages() -> list[str]:
    """The languages there are grammars for."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def load(language: str) -> Grammar:
    """The grammar of one of `languages()`."""
    return parse(language, (FOLDER / f"{language}.txt").read_text("utf-8"))


def parse(language: str, source: str) -> Grammar:
    """Read a grammar.

    Raises:
        DataError: a line is not in the format above, or a template uses a slot without values.
    """
    grammar = Grammar(language)
    block: list[str] = []
    for number, line in enumerate(source.splitlines(), start=1):
        words = line.split()
        try:
            if not words or words[0].startswith("#"):
                continue
            if line[0].isspace():
                _fill(grammar, block, line.strip())
            else:
                block = words
                _open(grammar, block)
        except ValueError as error:
            raise DataError(f"grammar {language} line {number}: {error}") from None
    for intent, templates in grammar.intents.items():
        unknown = {name for template in templates for name in slots_of(template)} - set(grammar.slots)
        if unknown:
            raise DataError(
                f"grammar {language}: intent {intent} has slots without values: {sorted(unknown)}"
            )
    return grammar


def slots_of(template: Template) -> set[str]:
    """The slots a template may use."""
    names = set()
    for part in template:
        if isinstance(part, Slot):
            names.add(part.name)
        elif isinstance(part, Choice):
            names |= {name for option in part.options for name in slots_of(option)}
    return names


def draw(template: Template, values: Mapping[str, Sequence[str]], chance: random.Random) -> list[Piece]:
    """An utterance of a template, in pieces."""
    pieces: list[Piece] = []
    for part in template:
        if isinstance(part, Slot):
            pieces.append((chance.choice(values[part.name]), part.name))
        elif isinstance(part, Choice):
            pieces += draw(chance.choice(part.options), values, chance)
        else:
            pieces.append((part, None))
    return pieces


def parse_template(source: str) -> Template:
    """Read a template; ValueError if its brackets do not match."""
    tokens = re.findall(r"\{\w+\}|[\[\]()|]|[^\[\](){}|]+|[{}]", source)
    options = _options(tokens, "")
    if len(options) > 1:
        raise ValueError(f"a | outside of brackets in {source!r}")
    return options[0]


def _options(tokens: list[str], closing: str) -> list[Template]:
    """Consume tokens up to `closing`; the alternatives that | divides them into."""
    options: list[list[str | Slot | Choice]] = [[]]
    while tokens:
        token = tokens.pop(0)
        if token == closing:
            return [tuple(option) for option in options]
        if token == "|":
            options.append([])
        elif token == "[":
            options[-1].append(Choice((*_options(tokens, "]"), ())))
        elif token == "(":
            options[-1].append(Choice(tuple(_options(tokens, ")"))))
        elif token in ("]", ")", "{", "}"):
            raise ValueError(f"{token} does not match")
        elif token.startswith("{"):
            options[-1].append(Slot(token[1:-1]))
        else:
            options[-1].append(token)
    if closing:
        raise ValueError(f"{closing} is missing")
    return [tuple(option) for option in options]


def _open(grammar: Grammar, block: list[str]) -> None:
    match block:
        case ["unspaced"]:
            grammar.space = ""
        case ["slot", name]:
            grammar.slots[name] = []
        case ["intent", name]:
            grammar.intents[name] = []
        case ["stop"] | ["before"] | ["after"]:
            pass
        case _:
            raise ValueError(f"{' '.join(block)!r} opens no block")


def _fill(grammar: Grammar, block: list[str], line: str) -> None:
    match block:
        case ["slot", name]:
            grammar.slots[name] += _alternatives(line)
        case ["intent", name]:
            grammar.intents[name].append(parse_template(line))
        case ["before"]:
            grammar.before += _alternatives(line)
        case ["after"]:
            grammar.after += _alternatives(line)
        case ["stop"]:
            grammar.stop = line
        case _:
            raise ValueError("it is in no block")


def _alternatives(line: str) -> list[str]:
    return [value.strip() for value in line.split("|") if value.strip()]
