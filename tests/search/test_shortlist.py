"""Who is tried: the given recipe, the trusted share of the prior's, and lots."""

import numpy as np
import pytest

from edgekd.search.shortlist import shortlist

SAID = np.array([0.0, 0.1, 0.9, 0.5, 0.8, 0.2, 0.3, 0.4])


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("trust", "by_prior"), [(1.0, [2, 4, 3, 7]), (0.5, [2, 4]), (0.6, [2, 4]), (0.1, [])]
)
def test_the_prior_has_the_share_that_it_is_trusted(trust, by_prior):
    chosen = [shortlist(SAID, trust, 5, rng(seed)) for seed in range(20)]
    for one in chosen:
        assert one[: 1 + len(by_prior)] == [0, *by_prior]
        assert len(set(one)) == 5
    assert (len({tuple(one) for one in chosen}) == 1) == (trust == 1)


def test_lots_are_fair():
    drawn = [number for seed in range(300) for number in shortlist(SAID, 0.0, 4, rng(seed))[1:]]
    counts = np.bincount(drawn, minlength=8)
    assert counts[0] == 0
    assert counts[1:] == pytest.approx(300 * 3 / 7, rel=0.3)


def test_fewer_recipes_than_places():
    assert shortlist(SAID[:2], 0.0, 9, rng()) == [0, 1]
    assert sorted(shortlist(SAID, 1.0, 20, rng())) == list(range(8))
    assert shortlist(SAID, 1.0, 1, rng()) == [0]
