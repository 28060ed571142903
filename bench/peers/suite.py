"""The whole comparison on one data set: make the peers, judge them, time them in turns, weigh them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers import (
    averaged,
    encoders,
    fasttext,
    lstm,
    model2vec,
    same_shape,
    student,
    teacher,
    tfidf,
)
from bench.peers.encoders import open_tokenizer
from bench.peers.memory import steady_memory
from bench.peers.peer import Peer, Predict
from bench.peers.sources import Sources
from edgekd.bench.runner.measure import Latency, Rules, draw_texts, measure, ratio
from edgekd.bench.runner.noise import REFERENCE, Others, noise, reference
from edgekd.data.examples import Prediction, Task
from edgekd.errors import UsageError
from edgekd.metrics import score
from edgekd.progress import Progress
from edgekd.teachers.teacher import well_formed

BUILDERS: Mapping[str, Callable[[Sources], Peer]] = {
    student.STUDENT: student.build,
    "student-one-length": student.one_length,
    "student-onnx": student.onnx,
    teacher.PYTORCH: teacher.build,
    "teacher-onnx": teacher.exported("teacher-onnx"),
    "teacher-int8": teacher.exported("teacher-int8"),
    "lstm": lstm.build,
    "fasttext": fasttext.build,
    "tfidf": tfidf.build,
    "model2vec": model2vec.build,
    "averaged": averaged.build,
    **{key: encoders.builder(key) for key in encoders.SHAPES},
    **{key: same_shape.builder(key) for key in same_shape.KEYS},
}
"""By key, in the order of the table and of each round of the timing."""

_MOST_SUBWORDS = 512


def chosen(only: str | None) -> list[str]:
    """The keys named, separated by commas, and the student, to which all are held; None for all.

    Raises:
        UsageError: there is no such key.
    """
    wanted = [key.strip() for key in only.split(",")] if only else list(BUILDERS)
    unknown = [key for key in wanted if key not in BUILDERS]
    if unknown:
        raise UsageError(f"there is no peer {unknown[0]!r}", expected=", ".join(BUILDERS))
    return [key for key in BUILDERS if key in wanted or key == student.STUDENT]


def compare(sources: Sources, keys: Sequence[str], rules: Rules, progress: Progress) -> dict[str, Any]:
    """Everything on one data set, as JSON values.

    Returns:
        name, split, task and examples of the data; bundle; chars_p50 of the timed texts; noise; peers: by
        key what they are (name, what, kind, trained, slots, bytes, files), subwords_p50, scores,
        agreement (the share of texts answered as by `copy_of`), latency, times_slower (p50 and its interval,
        over the student's) and memory_bytes; None where it does not apply or was not to be had.
    """
    with progress(f"{sources.dataset.name}: making", len(keys)) as advance:
        peers = {}
        for key in keys:
            peers[key] = BUILDERS[key](sources)
            advance(1)
    calls = {key: peer.load() for key, peer in peers.items()}
    texts = draw_texts([one.text for one in sources.judged])
    predictions = _ask({key: calls[key] for key, peer in peers.items() if peer.trained}, sources, progress)
    with progress(f"{sources.dataset.name}: timing {len(keys)} in turns", 1) as advance:
        others = Others()
        latencies = measure(calls, texts, rules, {REFERENCE: reference})
        noisy = noise(latencies.pop(REFERENCE), others.share())
        advance(1)
    found = {}
    with progress(f"{sources.dataset.name}: memory", len(keys)) as advance:
        for key, peer in peers.items():
            found[key] = {
                **_described(peer),
                "subwords_p50": _subwords(peer, texts),
                "scores": _scores(peer, sources, predictions[key]) if peer.trained else None,
                "agreement": _agreement(key, peer.copy_of, predictions),
                "latency": latencies[key].to_dict(),
                "times_slower": _times_slower(latencies[key], latencies[student.STUDENT]),
                "memory_bytes": steady_memory(peer, texts),
            }
            advance(1)
    return {
        "name": sources.dataset.name,
        "split": sources.split,
        "task": sources.dataset.task,
        "examples": len(sources.judged),
        "bundle": Path(sources.bundle).name,
        "chars_p50": float(np.median([len(text) for text in texts])),
        "noise": noisy,
        "peers": found,
    }


def _ask(calls: Mapping[str, Predict], sources: Sources, progress: Progress) -> dict[str, list[Prediction]]:
    """What each says of each text of the judged split, one at a time, as it is timed."""
    said = {}
    with progress(f"{sources.dataset.name}: asking", len(calls)) as advance:
        for key, call in calls.items():
            said[key] = [call(one.text) for one in sources.judged]
            advance(1)
    return said


def _described(peer: Peer) -> dict[str, Any]:
    facts = ("name", "what", "kind", "trained", "slots")
    return {name: getattr(peer, name) for name in facts} | {"bytes": peer.bytes, "files": list(peer.files)}


def _scores(peer: Peer, sources: Sources, said: Sequence[Prediction]) -> dict[str, float]:
    """Accuracy of the labels; of the slots only where the peer does them."""
    task = sources.dataset.task if peer.slots else Task.CLASSIFICATION
    return score(task, sources.judged, said).overall


def _agreement(key: str, other: str, said: Mapping[str, Sequence[Prediction]]) -> float | None:
    if other not in said or key not in said:
        return None
    return float(np.mean([one == two for one, two in zip(said[key], said[other], strict=True)]))


def _subwords(peer: Peer, texts: Sequence[str]) -> float | None:
    """The median of the sub-words of the texts, special tokens included."""
    if not peer.tokenizer:
        return None
    tokenizer = open_tokenizer(peer.folder / peer.tokenizer, _MOST_SUBWORDS)
    return float(np.median([len(tokenizer.encode(well_formed(text)).ids) for text in texts]))


def _times_slower(latency: Latency, students: Latency) -> dict[str, Any]:
    return dict(zip(("p50", "interval"), ratio(latency, students), strict=True))
