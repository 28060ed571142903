from __future__ import annotations

import pytest

from edgekd.bench.figures import microseconds, milliseconds, percent, size, times


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (percent(0.96244), "96.2%"),
        (percent(None), "–"),
        (microseconds(0.5), "0.50 µs"),
        (microseconds(141.3), "141 µs"),
        (microseconds(99.96), "100 µs"),
        (microseconds(7104), "7.10 ms"),
        (microseconds(2.5e6), "2.50 s"),
        (milliseconds(182.3), "182 ms"),
        (milliseconds(None), "–"),
        (size(1_070_000), "1.07 MB"),
        (size(999), "999 bytes"),
        (size(90_900_000), "90.9 MB"),
        (times(52.4), "52×"),
        (times(5.43), "5.4×"),
    ],
)
def test_figures(shown: str, wanted: str) -> None:
    assert shown == wanted
