"""The op profile of an exported file; the rest is in tests/bench/runner/test_profile.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgekd.bench.runner import profile
from edgekd.bench.runner.profile import op_profile
from edgekd.runtime.manifest import Manifest


@pytest.mark.parametrize("student", ["pqrnn", "word pieces"])
def test_the_halves_of_the_graph(
    student: str, bundle_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "_ROUNDS", 4)
    found = op_profile(Manifest.read(bundle_of("int8", student)), ["turn the light on"])
    # In the letters that this vocabulary has, the text has 14 pieces.
    assert found["signature"] == {"pqrnn": "tokens_10", "word pieces": "tokens_20"}[student]
    whole = sum(op["us"] for op in found["ops"])
    assert found["front_end_us"] > 0
    assert found["network_us"] > 0
    assert found["front_end_us"] + found["network_us"] == pytest.approx(whole)
