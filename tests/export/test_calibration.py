"""Inputs for calibration: cut, padded where they must be, and from all parts of the texts."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow")


def test_padded_and_cut() -> None:
    from edgekd.export.calibration import samples

    read = [sample["codepoints"] for sample in samples(["ab", "", "abcdef"], 4, padded=True)]
    np.testing.assert_array_equal(np.concatenate(read), [[97, 98, 0, 0], [0] * 4, [97, 98, 99, 100]])
    assert {one.dtype for one in read} == {np.dtype(np.int32)}


def test_each_of_its_own_length() -> None:
    from edgekd.export.calibration import samples

    assert [one["codepoints"].shape for one in samples(["ab", "", "abcdef"], 4, padded=False)] == [
        (1, 2),
        (1, 1),
        (1, 4),
    ]


def test_some_from_all_parts() -> None:
    from edgekd.export.calibration import samples

    read = samples([chr(1 + number) for number in range(3000)], 4, padded=False)
    assert len(read) == 300
    assert int(read[-1]["codepoints"][0, 0]) > 2900
