from __future__ import annotations

from pathlib import Path

import pytest

from edgekd.bench.runner import profile
from edgekd.bench.runner.profile import op_profile
from edgekd.runtime.manifest import Manifest


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "_ROUNDS", 4)


def test_every_op_counts_once(bundle_folder: Path) -> None:
    manifest = Manifest.read(bundle_folder)
    found = op_profile(manifest, ["a b", "a b c d e f", "wake me up at seven"])
    assert (found["signature"], found["chars"]) == ("tokens_8", 11)
    assert found["front_end_us"] is None  # this bundle's edgekd.json does not tell where it ends
    assert all(op["count"] > 0 and op["us"] >= 0 for op in found["ops"])
    assert [op["us"] for op in found["ops"]] == sorted((op["us"] for op in found["ops"]), reverse=True)
    assert {op["name"]: op["count"] for op in found["ops"]}["CUMSUM"] == 1
