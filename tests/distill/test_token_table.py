"""The table against the reference front end, and the misspellings."""

import numpy as np
import pytest

from edgekd.distill.token_table import TokenTable, look_up, misspelt
from edgekd.text.projection import FrontEnd, text_features

FRONT_END = FrontEnd(token_features=32, ngram_features=64, ngrams=(3, 5), max_tokens=6, max_chars=40)
TEXTS = ["Wake me up!", "", "wake ME up at 7:30 tomorrow please", "ที่บ้าน मुझे جگاؤ 😀", "x" * 60]


def test_features_are_those_of_the_reference():
    table = TokenTable(TEXTS, FRONT_END, misspell=True, seed=1)
    for text in TEXTS:
        numbers, spans = table.numbers(text)
        expected, expected_spans, _ = text_features(text, FRONT_END)
        features = look_up(*table.arrays(), numbers[None], FRONT_END.token_features)[0]
        np.testing.assert_array_equal(features, expected)
        np.testing.assert_array_equal(spans, expected_spans)


def test_padding_has_no_features_and_folded_tokens_share_a_number():
    table = TokenTable(TEXTS, FRONT_END, misspell=False, seed=1)
    assert not np.asarray(look_up(*table.arrays(), np.zeros((1, 1), np.int32), 32)).any()
    assert table.numbers("Wake me")[0].tolist() == table.numbers("wake ME")[0].tolist()


def test_misspellings_of_long_tokens_differ_and_of_short_ones_do_not():
    table = TokenTable(["tomorrow at 7"], FRONT_END, misspell=True, seed=1)
    values, _ = table.arrays()
    for number, token in zip(table.numbers("tomorrow at 7")[0], ("tomorrow", "at", "7"), strict=True):
        variants = [values[number + k * table.size] for k in range(1, table.variants + 1)]
        same = [np.array_equal(values[number], variant) for variant in variants]
        assert not any(same) if token == "tomorrow" else all(same)


@pytest.mark.parametrize("seed", range(20))
def test_a_misspelling_is_one_edit(seed):
    token, alphabet = np.array([1, 2, 3, 4]), np.array([9])
    result = misspelt(token, alphabet, np.random.default_rng(seed)).tolist()
    deleted = [[2, 3, 4], [1, 3, 4], [1, 2, 4], [1, 2, 3]]
    moved = [[2, 1, 3, 4], [1, 3, 2, 4], [1, 2, 4, 3]]
    inserted = [[9, 1, 2, 3, 4], [1, 9, 2, 3, 4], [1, 2, 9, 3, 4], [1, 2, 3, 9, 4]]
    assert result in deleted + moved + inserted
