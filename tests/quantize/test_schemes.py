"""Schemes are data, and mean what their names say."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edgekd.errors import UsageError
from edgekd.quantize.schemes import SCHEMES, scheme


def test_names_carry_the_scheme() -> None:
    assert [one.name for one in SCHEMES.values()] == [
        "float32",
        "float16",
        "dynamic_wi8_afp32",
        "static_wi8_ai8",
        "dynamic_wi4_afp32",
    ]
    assert scheme("int8").weight_bits == 8


def test_unknown() -> None:
    with pytest.raises(UsageError, match="int3") as caught:
        scheme("int3")
    assert caught.value.expected == "one of float32, float16, int8, full-int8, int4"


def test_fewer_bits_may_differ_more() -> None:
    by_bits = sorted(SCHEMES.values(), key=lambda scheme: -scheme.weight_bits)
    assert by_bits[0].logit_tolerance <= 1e-4
    for more, fewer in pairwise(by_bits):
        assert more.logit_tolerance < fewer.logit_tolerance
        assert more.agreement > fewer.agreement
