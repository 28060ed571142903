"""Locks are let go of by a process that is killed."""

import subprocess
import sys

from edgekd.lock import locked, try_locked

HOLD = (
    "import sys, time; from pathlib import Path; from edgekd.lock import locked\n"
    "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
)


def test_one_at_a_time(tmp_path):
    path = tmp_path / "some" / "lock"
    with locked(path), try_locked(path) as held:
        assert not held
    with try_locked(path) as held:
        assert held


def test_a_killed_process_holds_nothing(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    with try_locked(tmp_path / "lock") as held:
        assert not held
    process.kill()
    process.communicate()
    with try_locked(tmp_path / "lock") as held:
        assert held
