"""The kernel's counters are files; those here are made by the test, since few machines show theirs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgekd.bench.runner.energy import energy_per_text

RANGE = 2**32


class Meter:
    """A package that takes so many watts, and more while it works."""

    def __init__(self, zones: Path, start_uj: int = 0) -> None:
        self.zone = zones / "intel-rapl:0"
        self.zone.mkdir()
        (self.zone / "max_energy_range_uj").write_text(str(RANGE - 1))
        (zones / "intel-rapl:0:0").mkdir()  # a part of the package, which must not count twice
        (zones / "intel-rapl:0:0" / "energy_uj").write_text("0")
        self.watts, self.energy_uj, self.on = 10.0, float(start_uj), True
        self._write()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        before = time.perf_counter()
        while self.on:
            time.sleep(0.002)
            now = time.perf_counter()
            self.energy_uj += self.watts * (now - before) * 1e6
            before = now
            self._write()

    def _write(self) -> None:
        fresh = self.zone / ".energy"
        fresh.write_text(str(int(self.energy_uj) % RANGE))
        fresh.replace(self.zone / "energy_uj")


@pytest.fixture(params=[0, RANGE - 1_000_000])
def meter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Meter]:
    """Once from the counter's beginning, once across its end."""
    made = Meter(tmp_path, request.param)
    yield made
    made.on = False
    made.thread.join()


def test_energy_by_text(meter: Meter, tmp_path: Path) -> None:
    asked = []

    def call(text: str) -> None:
        meter.watts = 30.0
        asked.append(text)
        time.sleep(0.01)

    found = energy_per_text(call, ["a", "b"], tmp_path, idle_seconds=0.3, busy_seconds=0.6)
    assert asked[:3] == ["a", "b", "a"]
    assert found["calls"] == len(asked)
    assert found["idle_watts"] == pytest.approx(10, rel=0.15)
    assert found["busy_watts"] == pytest.approx(30, rel=0.15)
    assert found["microjoules"] == pytest.approx(30 * 0.6 / len(asked) * 1e6, rel=0.2)
    assert found["microjoules_above_idle"] == pytest.approx(found["microjoules"] * 2 / 3, rel=0.2)


def test_no_counter_no_figure(tmp_path: Path) -> None:
    assert energy_per_text(lambda text: None, ["a"], tmp_path) is None
    (tmp_path / "intel-rapl:0").mkdir()
    assert energy_per_text(lambda text: None, ["a"], tmp_path) is None  # it may not be read
