"""Labelling on the machines of a Ray cluster: an actor for each device, a shard for each task."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pyarrow as pa

# Ray reads these when it is imported: nothing is reported to anyone, and the progress shown is edgekd's own.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")

import ray
import ray.data
from ray.exceptions import RayActorError, RayError

from edgekd.errors import ClusterError
from edgekd.progress import Progress, silent
from edgekd.teachers import load_teacher
from edgekd.teachers.shard import shard_content, shard_name
from edgekd.teachers.store import SoftLabelStore


def label_on_cluster(
    store: SoftLabelStore,
    texts: Sequence[str],
    source: str,
    precision: str,
    address: str,
    progress: Progress = silent,
) -> None:
    """Label what the store lacks of the texts, on every device of a cluster.

    The nodes load the teacher by themselves and hand over whole shards, which the store keeps where this
    runs: they need no common disk. Where a worker or a node is lost, the devices that are left go on with
    what is missing.

    Args:
        source, precision: as for `load_teacher`, to be found by this name on every node.
        address: "HOST:PORT" of the cluster's head, or "auto" on one of its machines.

    Raises:
        ClusterError: there is no such cluster, a node has no such teacher, or no device is left; what was
            finished is kept.
    """
    missing = store.missing(texts)
    if not missing:
        return
    try:
        with (
            _silence(),
            _join(address),
            progress("labelling", sum(map(len, missing))) as advance,
        ):
            while missing:
                try:
                    for name, count, content in _shards(missing, source, precision, store.meta):
                        store.add(name, content)
                        advance(count)
                except RayActorError:
                    if len(store.missing(texts)) == len(missing):
                        raise
                missing = store.missing(texts)
    except (OSError, ValueError, RayError) as error:
        raise ClusterError(
            f"the Ray cluster {address} did not label the texts: {_reason(error)}",
            expected="HOST:PORT of a cluster's head, as `ray start --head` shows it, called on one of its "
            f"machines; on each of them edgekd with the extra 'ray' and the teacher {source}",
            fix="the same command goes on with what is missing",
        ) from error


def _join(address: str) -> AbstractContextManager[Any]:
    host, _, port = address.rpartition(":")
    if host:
        # Ray itself tries for minutes before it says that nothing answers.
        socket.create_connection((host, int(port)), timeout=10).close()
    return ray.init(address, log_to_driver=False)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Ray tells of every stage, and of lost actors with tracebacks, in loggers that it sets up anew; and that
    `max_restarts` will have another place in a version to come."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(logging.NOTSET)


class _Labeller:
    """The teacher on one device."""

    def __init__(self, source: str, precision: str, meta: dict[str, Any]) -> None:
        self.teacher = load_teacher(source, precision)
        self.meta = meta
        if self.teacher.fingerprint != meta["fingerprint"]:
            raise ValueError(f"{source} is another teacher here, or chooses another --precision")

    def __call__(self, batch: pa.Table) -> pa.Table:
        """A shard's texts to the shard."""
        texts = batch["text"].to_pylist()
        content = shard_content(texts, list(self.teacher.label(texts)), self.meta)
        return pa.table({"name": [shard_name(texts)], "count": [len(texts)], "content": [content]})


def _shards(missing: Sequence[list[str]], *of_teacher: Any) -> Iterator[tuple[str, int, bytes]]:
    """Name, texts and content of each shard, as they are finished.

    Raises:
        RayActorError: an actor is lost. Left to itself, Ray would start it again and wait, perhaps for ever,
            until there is a device for it.
    """
    actors, needs = _devices()
    labelled = ray.data.from_arrow([pa.table({"text": texts}) for texts in missing]).map_batches(
        _Labeller,
        fn_constructor_args=of_teacher,
        batch_size=None,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=actors),
        max_restarts=0,
        **needs,
    )
    for row in labelled.iter_rows():
        yield row["name"], row["count"], row["content"]


def _devices() -> tuple[int, dict[str, int]]:
    """How many actors there is room for, and what each takes: a GPU, or the processor of a node."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    if gpus:
        return gpus, {"num_gpus": 1}
    cores = [int(node["CPU"]) for node in nodes if node.get("CPU")]
    if not cores:
        raise ValueError("it has neither processors nor GPUs to give")
    return len(cores), {"num_cpus": min(cores)}


def _reason(error: Exception) -> str:
    """The last line of an error, where Ray puts what went wrong at the far end."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
