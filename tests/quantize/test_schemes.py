"""Schemes are data, and mean what their names say."""

from __future__ import annotations

import pytest

from edgekd.errors import UsageError
from edgekd.quantize.schemes import SCHEMES, scheme


def test_names_carry_the_scheme() -> None:
    assert [one.name for one in SCHEMES.values()] == ["float32", "dynamic_wi8_afp32"]
    assert scheme("int8").weight_bits == 8


def test_unknown() -> None:
    with pytest.raises(UsageError, match="int4") as caught:
        scheme("int4")
    assert caught.value.expected == "one of float32, int8"


def test_fewer_bits_may_differ_more() -> None:
    assert SCHEMES["float32"].logit_tolerance <= 1e-4 < SCHEMES["int8"].logit_tolerance
    assert SCHEMES["float32"].agreement > SCHEMES["int8"].agreement
