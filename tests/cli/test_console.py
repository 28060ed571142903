from __future__ import annotations

import pytest

from edgekd.cli import console


@pytest.mark.parametrize(
    ("seconds_a_step", "left"), [(10, "80 s"), (20, "3 min"), (800, "107 min"), (1000, "2 h 13 min")]
)
def test_a_log_tells_the_time_that_is_left(monkeypatch, capsys, seconds_a_step, left):
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    with console.progress("reading", 10) as advance:
        for _ in range(2):
            now += seconds_a_step
            advance(1)
    said = f"reading: 2/10, about {left} left\nreading: 2/10 in {2 * seconds_a_step}.0 s\n"
    assert capsys.readouterr().err == said
