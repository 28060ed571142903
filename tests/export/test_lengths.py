"""Which lengths a TFLite file is made for."""

from __future__ import annotations

from edgekd.export.lengths import choose
from edgekd.text.projection import FrontEnd


def lengths(*args) -> list[tuple[int, int]]:
    return [(one.tokens, one.chars) for one in choose(*args)]


def test_without_texts() -> None:
    assert lengths(FrontEnd(max_tokens=32, max_chars=192)) == [(10, 60), (16, 96), (32, 192)]
    assert lengths(FrontEnd(max_tokens=24, max_chars=96)) == [(10, 60), (24, 96)]


def test_the_last_has_the_lengths_of_the_student() -> None:
    assert lengths(FrontEnd(max_tokens=20, max_chars=300))[-1] == (20, 300)
    assert lengths(FrontEnd(max_tokens=15, max_chars=90)) == [(15, 90)]
    assert lengths(FrontEnd(max_tokens=3, max_chars=50)) == [(3, 50)]


def test_four_in_five_texts_fit_the_first_and_nearly_all_the_second() -> None:
    words = [" ".join(["abcdefghi"] * count) for count in range(1, 11)]
    assert lengths(FrontEnd(max_tokens=32, max_chars=400), words) == [(9, 88), (10, 104), (32, 400)]
    more = words + words[:4] * 30
    assert lengths(FrontEnd(max_tokens=32, max_chars=400), more) == [(4, 40), (8, 56), (32, 400)]


def test_a_rare_long_text_does_not_count() -> None:
    texts = ["wake me up"] * 999 + ["x" * 300]
    assert lengths(FrontEnd(max_tokens=16, max_chars=400), texts) == [(3, 16), (16, 400)]


def test_thai_needs_no_fewer_characters_than_tokens() -> None:
    assert lengths(FrontEnd(max_tokens=64, max_chars=64), ["ไ" * 11])[0] == (11, 16)
    assert lengths(FrontEnd(max_tokens=64, max_chars=64), ["" for _ in range(9)])[0] == (1, 1)


def test_a_signature_as_long_as_the_last_is_left_out() -> None:
    texts = [" ".join(["abcdefghijklm"] * 8)] * 10
    assert lengths(FrontEnd(max_tokens=16, max_chars=100), texts) == [(16, 100)]
