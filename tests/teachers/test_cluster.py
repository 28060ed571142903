"""Labelling on a real Ray cluster: a head and two more nodes, in a network that has nothing but loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import ClusterError
from edgekd.teachers import load_teacher
from edgekd.teachers.shard import describe, shard_content
from edgekd.teachers.store import SoftLabelStore
from edgekd.teachers.teacher import TEXTS_AT_ONCE, SoftLabels

pytest.importorskip("ray")

PORT = 6391
ADDRESS = f"127.0.0.1:{PORT}"
SHARDS = 60
COUNT = SHARDS * TEXTS_AT_ONCE - 100
NO_UNITS = np.zeros((0, 2), np.int32)
# A lost node is noticed within two seconds, and workers are not held back.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_failure_threshold": "3",
    "RAY_worker_niceness": "0",
}


class Process(NamedTuple):
    """A process, its parent's number, and its command."""

    pid: int
    parent: int
    command: str


class Cluster:
    """Processes in a network namespace of their own, so that no port is open to any other machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        if os.geteuid() or not shutil.which("unshare"):
            pytest.skip("only root can give Ray a network of its own")
        up = ["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep 1000"]
        self.holder = subprocess.Popen(up)
        wait_for(lambda: self._network(self.holder.pid) != self._network("self"), 10)
        self.network = self._network(self.holder.pid)

    @staticmethod
    def _network(pid: int | str) -> str:
        try:
            return str(Path(f"/proc/{pid}/ns/net").readlink())
        except OSError:
            return ""

    def start(self, *command: object, log: str) -> subprocess.Popen[bytes]:
        """Start a command in the network."""
        env = {**os.environ, **SETTINGS, "PYTHONPATH": str(Path(__file__).parents[2])}
        with (self.folder / log).open("wb") as file:
            inside = ["nsenter", "--target", str(self.holder.pid), "--net", *map(str, command)]
            return subprocess.Popen(inside, env=env, stdout=file, stderr=subprocess.STDOUT)

    def node(self, name: str, *options: object) -> None:
        """Start a node and wait until it has joined; nodes that start together mix up their sockets."""
        ray = Path(sys.executable).with_name("ray")
        common = ("--node-ip-address", "127.0.0.1", "--object-store-memory", 80_000_000, "--block")
        self.nodes[name] = self.start(ray, "start", *options, *common, log=name)
        wait_for(lambda: "Ray runtime started" in self.read(name), 120)

    def read(self, log: str) -> str:
        return (self.folder / log).read_text("utf-8", "replace")

    def processes(self) -> Iterator[Process]:
        """Whatever runs in the network."""
        for path in Path("/proc").glob("[0-9]*"):
            if self._network(path.name) == self.network:
                parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
                command = (path / "cmdline").read_text().replace("\0", " ")
                yield Process(int(path.name), int(parent), command)

    def kill(self, *processes: Process) -> None:
        for process in list(processes):
            os.kill(process.pid, signal.SIGKILL)

    def stop(self) -> None:
        self.kill(*self.processes())
        self.holder.wait()


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A head without a processor to give, and two nodes with one each."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    # The names of Ray's sockets have to be short.
    home = tempfile.mkdtemp(dir="/tmp")
    try:
        head = ("--head", "--port", PORT, "--num-cpus", 0, "--include-dashboard", "false", "--temp-dir", home)
        cluster.node("head", *head)
        for name in ("first", "second"):
            cluster.node(name, "--address", ADDRESS, "--num-cpus", 1)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def contents(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.glob("labels-*.parquet")}


def test_the_labels_are_those_of_one_machine(edgekd, cluster, teacher_folder, tmp_path):
    texts = tmp_path / "en.txt"
    texts.write_text(
        "\n".join(f"fly me to Paris on day {number}" for number in range(3 * TEXTS_AT_ONCE - 100))
    )
    asked = ("label", "--teacher", teacher_folder, "--texts", texts)
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    assert edgekd(*asked, "--out", alone).code == 0
    done = cluster.start(
        sys.executable, "-m", "edgekd", *asked, "--out", shared, "--ray", ADDRESS, log="label"
    )
    assert done.wait(300) == 0, cluster.read("label")
    assert len(contents(shared)) == 3
    assert contents(shared) == contents(alone)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A teacher that nodes load within a moment, and the texts that it knows."""
    texts = [f"text {number}" for number in range(COUNT)]
    said = [
        SoftLabels(np.array([number, -number], np.float32), NO_UNITS, None) for number in range(len(texts))
    ]
    path = tmp_path_factory.mktemp("stored") / "teacher.parquet"
    path.write_bytes(shard_content(texts, said, describe(Task.CLASSIFICATION, LabelSet(("a", "b")), "x")))
    return path, texts


LABEL = """
import sys
from edgekd.teachers import load_teacher
from edgekd.teachers.cluster import label_on_cluster
from edgekd.teachers.store import SoftLabelStore
source, folder, address, count = sys.argv[1:]
texts = [f"text {number}" for number in range(int(count))]
teacher = load_teacher(source)
label_on_cluster(SoftLabelStore(folder, teacher), texts, source, "float32", address)
"""


def test_a_killed_worker_and_a_killed_node_lose_nothing(cluster, stored, tmp_path):
    teacher, texts = stored
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    SoftLabelStore(alone, load_teacher(teacher)).label(texts)

    def start(log: str) -> subprocess.Popen[bytes]:
        return cluster.start(sys.executable, "-c", LABEL, teacher, shared, ADDRESS, COUNT, log=log)

    labelling = start("labelling")

    def finished(count: int) -> int:
        """How many shards there are, once there are so many; not all, or it was too late to lose any."""
        wait_for(lambda: len(contents(shared)) >= count or labelling.poll() is not None, 300)
        found = len(contents(shared))
        assert found < SHARDS, cluster.read("labelling")
        return found

    finished(2)
    cluster.kill(next(one for one in cluster.processes() if one.command.startswith("ray::MapWorker")))
    finished(finished(0) + 4)
    node = cluster.nodes["second"].pid
    cluster.kill(*(one for one in cluster.processes() if node in (one.pid, one.parent)))
    finished(0)
    assert labelling.wait(300) == 0, cluster.read("labelling")
    assert contents(shared) == contents(alone)
    assert len(contents(shared)) == SHARDS

    # Again, on the node that is left: only what is missing is labelled.
    sorted(shared.iterdir())[3].unlink()
    kept = {path: path.stat().st_mtime_ns for path in shared.iterdir()}
    assert start("again").wait(300) == 0, cluster.read("again")
    assert contents(shared) == contents(alone)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:port", "nowhere.invalid:6379", "nowhere"])
def test_no_cluster_is_explained(stored, tmp_path, address):
    from edgekd.teachers.cluster import label_on_cluster

    store = SoftLabelStore(tmp_path / "out", load_teacher(stored[0]))
    with pytest.raises(ClusterError, match=f"the Ray cluster {address} did not label the texts"):
        label_on_cluster(store, stored[1][:5], str(stored[0]), "float32", address)
    assert not (tmp_path / "out").exists()


def test_what_is_stored_needs_no_cluster(stored, tmp_path):
    from edgekd.teachers.cluster import label_on_cluster

    store = SoftLabelStore(tmp_path / "out", load_teacher(stored[0]))
    store.label(stored[1][:5])
    label_on_cluster(store, stored[1][:5], str(stored[0]), "float32", "nowhere")
