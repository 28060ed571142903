"""The teacher as something to time, beside the student."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from edgekd.bench.runner.measure import Call
from edgekd.data.examples import Prediction
from edgekd.teachers.teacher import Teacher


@contextlib.contextmanager
def teacher_call(teacher: Teacher, threads: int) -> Iterator[Call | None]:
    """The teacher as something to time: tokenizer, network and decoding, one text at a time, in PyTorch.

    Yields None where there is nothing to time: stored logits, which know no new text.
    """

    def call(text: str) -> Prediction:
        return next(iter(teacher.label([text]))).decode(teacher.labels, teacher.task)

    if not teacher.any_text:
        yield None
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield call
    finally:
        torch.set_num_threads(before)
