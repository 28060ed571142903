"""The op profile of an exported file; the rest is in tests/bench/runner/test_profile.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgekd.bench.runner import profile
from edgekd.bench.runner.profile import op_profile
from edgekd.runtime.manifest import Manifest


def test_the_halves_of_the_graph(bundle_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "_ROUNDS", 4)
    found = op_profile(Manifest.read(bundle_of("int8")), ["turn the light on"])
    whole = sum(op["us"] for op in found["ops"])
    assert found["front_end_us"] > 0
    assert found["network_us"] > 0
    assert found["front_end_us"] + found["network_us"] == pytest.approx(whole)
