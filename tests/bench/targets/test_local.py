from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import IO

import pytest

from edgekd.bench.runner.job import Job
from edgekd.bench.runner.measure import Rules
from edgekd.bench.targets.agent import MARK
from edgekd.bench.targets.conversation import Conversation, Unstarted
from edgekd.bench.targets.local import LocalTarget, local_agent
from edgekd.errors import BundleError, TargetError
from edgekd.progress import silent


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an agent makes its folder, and no other test's does at the same time."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_job_here(bundle_folder: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bundle_folder.parent)
    job = Job(bundle_folder.name, texts=("at 7",), timed=("at 7",), rules=Rules(20, 0.01, 1.0))
    found = LocalTarget().run(job, silent)
    assert found["runtimes"]["litert"]["predictions"] == [[["numbers"], [[3, 4, "number"]]]]
    assert not list(temporary.iterdir())


def test_a_runtime_that_is_not_there(bundle_folder: Path) -> None:
    with pytest.raises(BundleError, match="local: there is no runtime 'coreml'"):
        LocalTarget().run(Job(str(bundle_folder), "coreml"), silent)


def test_a_runner_that_dies(temporary: Path) -> None:
    program = "import os; os.write(2, os.getcwd().encode()); os.abort()"
    with Conversation("here", local_agent()) as agent, tempfile.TemporaryFile() as tar:
        empty_tar(tar)
        with pytest.raises(TargetError, match=f"the runner on here ended with signal 6.*{temporary}/edgekd-"):
            agent.work(tar, ["{python}", "-c", program], {}, progress=silent)
    assert not list(temporary.iterdir())


def test_what_a_runner_writes_elsewhere_is_in_the_message() -> None:
    program = "import sys; print('no findings', file=sys.stderr); sys.exit(3)"
    with Conversation("here", local_agent()) as agent, tempfile.TemporaryFile() as tar:
        empty_tar(tar)
        with pytest.raises(TargetError, match="ended with code 3: no findings"):
            agent.work(tar, ["{python}", "-c", program], {}, progress=silent)


def test_a_login_shell_that_talks() -> None:
    """What a shell prints before and between is not taken for the agent's."""
    talk = f"print('Welcome!'); print('{{}}'); print('x {MARK}y'); "
    program = "import sys; exec(sys.argv[1])"
    with Conversation("here", [sys.executable, "-c", program, talk + "\n" + local_agent()[-1]]) as agent:
        assert agent.hello["python"][0] == 3


def test_no_agent_at_all() -> None:
    with pytest.raises(Unstarted, match=r"here does not answer \(exit code 4\): Last words"):
        Conversation("here", ["sh", "-c", "echo Last words >&2; exit 4"])


def start_sleeping(source: str, parent: Path) -> subprocess.Popen:
    """An agent that runs something long in a folder of its own."""
    process = subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with tempfile.TemporaryFile() as tar:
        empty_tar(tar)
        size = tar.seek(0, 2)
        tar.seek(0)
        process.stdout.readline()
        wanted = {"bytes": size, "command": ["sleep", "100"], "environment": {}}
        process.stdin.write(json.dumps({**wanted, "parent": str(parent), "cwd": None}).encode() + b"\n")
        process.stdin.write(tar.read())
        process.stdin.flush()
    deadline = time.monotonic() + 20
    while not list(parent.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    return process


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_an_agent_that_is_told_to_end_leaves_nothing(tmp_path: Path, name: str) -> None:
    process = start_sleeping(local_agent()[-1], tmp_path)
    os.kill(process.pid, getattr(signal, name))
    process.communicate(timeout=20)
    assert list(tmp_path.iterdir()) == []


def test_an_agent_whose_host_falls_silent_leaves_nothing(tmp_path: Path) -> None:
    impatient = local_agent()[-1].replace("QUIET_SECONDS = 60", "QUIET_SECONDS = 1")
    process = start_sleeping(impatient, tmp_path)
    said = process.stdout.readline().decode()
    assert "the host fell silent" in said
    process.communicate(timeout=20)
    assert list(tmp_path.iterdir()) == []


def empty_tar(file: IO[bytes]) -> None:
    with tarfile.open(fileobj=file, mode="w"):
        pass
