"""Lexicons are read and looked up; phrases win over words, and scripts without spaces have words too."""

from __future__ import annotations

import numpy as np
import pytest

from edgekd.data import Example, Span
from edgekd.distill.augment.lexicon import for_language, read_lexicon, replaced
from edgekd.errors import DataError


def test_tabs_and_spaces_both_separate(tmp_path):
    file = tmp_path / "en-de.txt"
    file.write_text("Cat Katze\ncat Kater\n\nalarm clock\tWecker\ntaxi Taxi\n", "utf-8")
    assert read_lexicon(file) == {"cat": ("Katze", "Kater"), "alarm clock": ("Wecker",)}


@pytest.mark.parametrize(
    "content, said",
    [
        (b"cat\n", "line 1"),
        (b"cat Katze\nalarm clock Wecker\n", "line 2"),
        (b"cat\tKatze\tKater\n", "line 1"),
        (b"cat\t\n", "line 1"),
        (b"\n", "no pairs"),
        (b"taxi taxi\n", "no pairs"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_other_files_are_refused(tmp_path, content, said):
    file = tmp_path / "lexicon.tsv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_lexicon(file)


def test_no_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_lexicon(tmp_path / "none.tsv")


def test_a_language_serves_its_regions():
    by_language = {"de": 1, "de-CH": 2}
    assert [for_language(by_language, name) for name in ("de", "de-AT", "de_AT", "de-CH", "den", "")] == [
        1, 1, 1, 2, None, None
    ]  # fmt: skip


def all_replaced(example: Example, lexicon) -> Example:
    (made,) = replaced(example, lexicon, 1.0, np.random.default_rng(1))
    return made


def test_the_longest_phrase_counts_whatever_its_capitals():
    lexicon = {"alarm clock": ["timer"], "alarm": ["alert"], "clock": ["watch"], "don't": ["never"]}
    assert all_replaced(Example("Alarm Clock alarm, don't"), lexicon).text == "timer alert, never"


def test_words_without_spaces_between():
    assert all_replaced(Example("明天早上叫我"), {"早上": ["晚上"], "明": ["暗"]}).text == "暗天晚上叫我"


def test_a_phrase_does_not_cross_the_bound_of_a_slot():
    example = Example("set alarm clock", spans=(Span(4, 9, "thing"),))
    lexicon = {"alarm clock": ["timer"], "alarm": ["very loud alert"], "clock": ["watch"]}
    assert all_replaced(example, lexicon) == Example(
        "set very loud alert watch", spans=(Span(4, 19, "thing"),)
    )


def test_nothing_known_nothing_made():
    assert not list(replaced(Example("a b c"), {"d": ["e"]}, 1.0, np.random.default_rng(1)))
