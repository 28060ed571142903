"""The target behind a real OpenSSH server on the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from edgekd.bench.runner.job import Job
from edgekd.bench.runner.measure import Rules
from edgekd.bench.targets.agent import MARK
from edgekd.bench.targets.ssh import SshTarget
from edgekd.errors import BundleError, TargetError, UsageError
from edgekd.progress import silent
from tests.bench.targets.conftest import SshServer, client_config, keygen

TEXTS = ("wake me at 7 30", "no numbers", "\ud800 7", "")


def target(server: SshServer, folder: Path, **more) -> SshTarget:
    """The server, its work folders in `folder`."""
    return SshTarget.parse("ssh://board", config=server.config, folder=str(folder), **more)


def job(bundle: Path, **more) -> Job:
    return Job(str(bundle), texts=TEXTS, timed=TEXTS, rules=Rules(50, 0.05, 1.0), **more)


def test_a_job_is_done_there_and_nothing_stays(
    ssh_server: SshServer, bundle_folder: Path, tmp_path: Path
) -> None:
    shown = []

    def progress(description: str, total: int):
        shown.append(description)
        return silent(description, total)

    found = target(ssh_server, tmp_path).run(job(bundle_folder, runtime="all", threads=(1, 2)), progress)
    assert list(found["runtimes"]) == ["litert", "onnxruntime"]
    for runtime in found["runtimes"].values():
        assert runtime["predictions"] == [
            [["numbers"], [[11, 15, "number"]]],
            [["words"], []],
            [["numbers"], [[2, 3, "number"]]],
            [["words"], []],
        ]
        assert set(runtime["latency"]) == {"1", "2"}
        assert runtime["latency"]["1"]["calls"] >= 50
        assert 0 < runtime["cold"]["load_ms"] < runtime["cold"]["process_to_answer_ms"]
        assert runtime["library_bytes"] > 1_000_000
    assert found["machine"]["python"].startswith("3.")
    assert shown[:2] == [f"ssh://board: predicting with {name}" for name in ("litert", "onnxruntime")]
    assert list(tmp_path.iterdir()) == []


BARE_PYTHON = "/usr/bin/python3"


def test_what_is_missing_there_is_sent_along(
    ssh_server: SshServer, bundle_folder: Path, tmp_path: Path
) -> None:
    probe = "import sys, importlib.util as u; sys.exit(u.find_spec('numpy') or sys.version_info < (3, 11))"
    if subprocess.run([BARE_PYTHON, "-c", probe], check=False).returncode:
        pytest.skip(f"{BARE_PYTHON} is no Python 3.11 without numpy")
    try:
        found = target(ssh_server, tmp_path, python=BARE_PYTHON).run(job(bundle_folder), silent)
    except TargetError as error:
        if "pip finds no wheels" in str(error):
            pytest.skip(str(error))
        raise
    assert found["runtimes"]["litert"]["predictions"][0] == [["numbers"], [[11, 15, "number"]]]
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_does_not_run_there(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "bundle"
    shutil.copytree(bundle_folder, broken)
    (broken / "model.tflite").write_bytes(b"TFL3")
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(BundleError, match=r"ssh://board: .*model\.tflite"):
        target(ssh_server, work).run(job(broken), silent)
    assert list(work.iterdir()) == []


def during(job_of: Job, over: SshTarget, work: Path, act) -> Exception:
    """Run a job that takes long, act as soon as it works, and give what it raised."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            over.run(job_of, silent)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 60
    while not list(work.glob("edgekd-*/job.json")):
        assert time.monotonic() < deadline and thread.is_alive()
        time.sleep(0.05)
    time.sleep(0.5)
    act()
    thread.join(60)
    assert not thread.is_alive()
    return raised[0]


def wait_until_empty(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while list(folder.iterdir()):
        assert time.monotonic() < deadline, list(folder.iterdir())
        time.sleep(0.1)


def test_a_connection_lost_in_mid_run(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    long = Job(str(bundle_folder), texts=TEXTS, timed=TEXTS, rules=Rules(10_000_000, 300.0, 300.0))

    def cut() -> None:
        for pid in ssh_server.connections:
            os.kill(pid, signal.SIGKILL)

    error = during(long, target(ssh_server, tmp_path), tmp_path, cut)
    assert isinstance(error, TargetError)
    assert "the connection to ssh://board was lost in mid-run" in str(error)
    wait_until_empty(tmp_path)
    assert not runners(tmp_path)


def runners(work: Path) -> list[str]:
    """Processes that still run a job there."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().decode("utf-8", "replace")
            if "edgekd.bench.runner" in words and str(work) in str((command.parent / "cwd").readlink()):
                found.append(words)
        except OSError:
            continue
    return found


def test_an_unknown_host_key(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text("")
    config = tmp_path / "config"
    config.write_text(
        client_config(ssh_server.folder, ssh_server.port, UserKnownHostsFile=str(tmp_path / "known_hosts"))
    )
    with pytest.raises(
        TargetError, match="(?s)cannot be reached.*Host key verification failed.*ssh board, once"
    ):
        SshTarget.parse("ssh://board", config=config).run(job(bundle_folder), silent)


def test_a_changed_host_key(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    keygen(tmp_path / "other")
    key = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{ssh_server.port} {key}\n")
    config = tmp_path / "config"
    config.write_text(
        client_config(ssh_server.folder, ssh_server.port, UserKnownHostsFile=str(tmp_path / "known_hosts"))
    )
    with pytest.raises(TargetError, match="find out why the key changed"):
        SshTarget.parse("ssh://board", config=config).run(job(bundle_folder), silent)


def test_a_key_that_is_not_accepted(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    keygen(tmp_path / "mine")
    config = tmp_path / "config"
    config.write_text(client_config(ssh_server.folder, ssh_server.port, IdentityFile=str(tmp_path / "mine")))
    with pytest.raises(TargetError, match="(?s)Permission denied.*ssh-copy-id board"):
        SshTarget.parse("ssh://board", config=config).run(job(bundle_folder), silent)


def test_no_server(bundle_folder: Path) -> None:
    with pytest.raises(TargetError, match="(?s)Connection refused.*an SSH server on that port"):
        SshTarget.parse("ssh://127.0.0.1:1").run(job(bundle_folder), silent)


def test_no_such_host(bundle_folder: Path) -> None:
    with pytest.raises(TargetError, match="(?s)cannot be reached: .*Could not resolve"):
        SshTarget.parse("ssh://no-such-host.invalid").run(job(bundle_folder), silent)


def test_no_python_there(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="(?s)cannot run python9: .*not found.*Python 3.11 or newer"):
        target(ssh_server, tmp_path, python="python9").run(job(bundle_folder), silent)


def test_an_old_python_there(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "python"
    hello = '{"hello": {"python": [3, 9, 2], "implementation": "cpython", "packages": {}}}'
    old.write_text(f"#!/bin/sh\necho '{MARK}{hello}'\nread line\n")
    old.chmod(0o755)
    with pytest.raises(TargetError, match="(?s)has cpython 3.9.2.*CPython 3.11 or newer.*file of targets"):
        target(ssh_server, tmp_path, python=str(old)).run(job(bundle_folder), silent)


def test_a_full_disk_there(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system needs the right to mount one")
    try:
        with pytest.raises(TargetError, match="(?s)No space left on device.*name another `folder`"):
            target(ssh_server, small).run(job(bundle_folder), silent)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_folder_that_is_not_there(ssh_server: SshServer, bundle_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="No such file or directory"):
        target(ssh_server, tmp_path / "nowhere").run(job(bundle_folder), silent)


def test_paths_with_shell_characters_do_no_harm(
    ssh_server: SshServer, bundle_folder: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "a b; touch harm $(touch harm) `touch harm` ' \" & {folder} ü"
    odd.mkdir()
    python = odd / "python 3"
    python.symlink_to(shutil.which("python3"))
    found = target(ssh_server, odd, python=shutil.which("python3")).run(job(bundle_folder), silent)
    assert found["runtimes"]["litert"]["predictions"][0][0] == ["numbers"]
    assert [path.name for path in odd.iterdir()] == ["python 3"]
    with pytest.raises(TargetError, match="cannot run /nowhere; touch"):
        target(ssh_server, odd, python=f"/nowhere; touch {tmp_path}/harm").run(job(bundle_folder), silent)
    assert not list(Path.home().glob("harm")) and not list(tmp_path.glob("**/harm"))


def test_the_home_there(ssh_server: SshServer, bundle_folder: Path) -> None:
    over = SshTarget.parse("ssh://board", config=ssh_server.config, folder="~/", python="~/no python")
    with pytest.raises(TargetError, match=f"{Path.home()}/no python: No such file"):
        over.run(job(bundle_folder), silent)


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=touch harm",
        "ssh://-board",
        "ssh://me@-board",
        "ssh://board;touch harm",
        "ssh://$(touch harm)",
        "ssh://a b",
        "ssh://board:0",
        "ssh://board:99999",
        "ssh://board:x",
        "ssh://",
        "ssh://@board",
        "ssh://me@board/folder",
        "ssh://böard",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError, match="is not the address of a target"):
        SshTarget.parse(url)


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("ssh://pi", "pi", None),
        ("ssh://pi@raspberrypi.local:2222", "pi@raspberrypi.local", 2222),
        ("ssh://pi@[fe80::1%eth0]:22", "pi@fe80::1%eth0", 22),
        ("ssh://10.0.0.7/", "10.0.0.7", None),
    ],
)
def test_addresses(url: str, address: str, port: int | None) -> None:
    parsed = SshTarget.parse(url)
    assert (parsed.address, parsed.port, parsed.name) == (address, port, url)
