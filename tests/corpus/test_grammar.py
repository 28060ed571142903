from __future__ import annotations

import random

import pytest

from edgekd.corpus.grammar import Choice, Slot, draw, languages, load, parse, parse_template, slots_of
from edgekd.errors import DataError

DEMO = """
# a comment
unspaced
stop
    .
before
    hey, | ok,
slot time
    six | half past
    seven
intent wake
    wake me at {time}
    up [at {time}]
"""


def test_a_grammar_is_read():
    grammar = parse("demo", DEMO)
    assert grammar.slots == {"time": ["six", "half past", "seven"]}
    assert grammar.intents == {
        "wake": [("wake me at ", Slot("time")), ("up ", Choice((("at ", Slot("time")), ())))],
    }
    assert (grammar.before, grammar.after, grammar.stop, grammar.space) == (["hey,", "ok,"], [], ".", "")


def test_brackets_nest():
    template = parse_template("a [b (c|{d})]")
    assert template == ("a ", Choice((("b ", Choice((("c",), (Slot("d"),)))), ())))
    assert slots_of(template) == {"d"}
    drawn = {"".join(words for words, _ in draw(template, {"d": ["D"]}, random.Random(n))) for n in range(50)}
    assert drawn == {"a ", "a b c", "a b D"}


def test_slots_keep_their_name():
    assert draw(parse_template("at {time}"), {"time": ["six"]}, random.Random(0)) == [
        ("at ", None),
        ("six", "time"),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("intent x\n  a [b\n", r"line 2: \] is missing"),
        ("intent x\n  a b]\n", r"line 2: \] does not match"),
        ("intent x\n  a {b\n", "line 2: { does not match"),
        ("intent x\n  a | b\n", "line 2: a | outside"),
        ("intent x\n  {y}\n", r"intent x has slots without values: \['y'\]"),
        ("  a\n", "line 1: it is in no block"),
        ("slots x\n", "line 1: 'slots x' opens no block"),
    ],
)
def test_mistakes_are_explained(source, message):
    with pytest.raises(DataError, match=message):
        parse("demo", source)


def test_every_language_says_the_same_things():
    grammars = [load(language) for language in languages()]
    assert len(grammars) >= 7
    for grammar in grammars:
        assert set(grammar.intents) == set(grammars[0].intents), grammar.language
        assert set(grammar.slots) == set(grammars[0].slots), grammar.language
        used = {
            slot for templates in grammar.intents.values() for each in templates for slot in slots_of(each)
        }
        assert used == set(grammar.slots), grammar.language
        assert all(len(templates) >= 5 for templates in grammar.intents.values()), grammar.language
        assert all(len(values) == len(set(values)) >= 8 for values in grammar.slots.values()), (
            grammar.language
        )
