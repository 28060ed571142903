"""What is timed: the bundle in each runtime, and the teacher, both from text to labels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from edgekd.bench.runner.measure import Call
from edgekd.data.examples import Prediction
from edgekd.runtime import Bundle
from edgekd.runtime.backends import choose, usable
from edgekd.runtime.manifest import Manifest
from edgekd.teachers.teacher import Teacher

TEACHER = "teacher"


def open_bundles(path: Path, runtime: str, threads: int) -> dict[str, Bundle]:
    """The bundle in the runtime asked for; with "all", in every installed one that has a file in the bundle.

    Raises:
        BundleError: none can run it.
    """
    manifest = Manifest.read(path)
    if runtime != "all":
        names = [choose(runtime, manifest).name]
    else:
        names = [one.name for one in usable(manifest)] or [choose("auto", manifest).name]
    return {name: Bundle.load(path, name, threads) for name in names}


@contextlib.contextmanager
def teacher_call(teacher: Teacher, threads: int) -> Iterator[Call | None]:
    """The teacher as something to time: tokenizer, network and decoding, one text at a time, in PyTorch.

    Yields None where there is nothing to time: stored logits, which know no new text.
    """
    from edgekd.teachers.stored import StoredTeacher

    def call(text: str) -> Prediction:
        return next(iter(teacher.label([text]))).decode(teacher.labels, teacher.task)

    if isinstance(teacher, StoredTeacher):
        yield None
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield call
    finally:
        torch.set_num_threads(before)
