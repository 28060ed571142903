"""As many widths as pay: few for a short training, all for a long one."""

import itertools

import numpy as np
import pytest

from edgekd.distill import widths
from edgekd.distill.widths import WIDTHS, fitting_widths

LENGTHS = np.random.default_rng(0).integers(1, 20, 4000).astype(np.int32)


def seconds(chosen, lengths, batch_size, batches, parameters):
    """By the definition: what compiling and padding cost."""
    longest = np.sort(lengths)[::-1][::batch_size]
    columns = sum(next(width for width in chosen if width >= one) for one in longest) * batches / len(longest)
    column_s = 3 * batch_size * parameters / widths._MULTIPLICATIONS_A_SECOND
    return widths._COMPILING_S * len(chosen) + columns * column_s


@pytest.mark.parametrize("batches", [10, 1000, 10_000, 1_000_000])
def test_no_other_choice_takes_less_time(batches):
    about = {"batch_size": 32, "batches": batches, "parameters": 1_000_000}
    found = [width for width in fitting_widths(LENGTHS, **about) if width <= 20]
    others = [
        (*some, 20)
        for count in range(len(WIDTHS[:7]) + 1)
        for some in itertools.combinations(WIDTHS[:7], count)
    ]
    best = min(seconds(other, LENGTHS, **about) for other in others)
    assert seconds(found, LENGTHS, **about) == pytest.approx(best)


def test_a_short_training_has_one_width_and_a_long_one_all():
    about = {"batch_size": 128, "parameters": 1_000_000}
    assert fitting_widths(LENGTHS, batches=10, **about) == WIDTHS[WIDTHS.index(20) :]
    assert fitting_widths(LENGTHS, batches=10**7, **about) == WIDTHS


def test_every_text_finds_a_width():
    for lengths in ([0], [1], [513], [3, 700]):
        assert fitting_widths(np.array(lengths, np.int32), batch_size=2, batches=5, parameters=10)[-1] == 512
