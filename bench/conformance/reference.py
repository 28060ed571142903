"""What the numpy front end and Keras say: what every file is held against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.conformance.answers import Answer, Answers, fingerprint, part_path, parts, read_parts, write_part
from bench.conformance.texts import Texts
from edgekd.students.student import Student
from edgekd.text.projection import FrontEnd
from edgekd.text.word_pieces import WordPieces

Ask = Callable[[list[str]], list[Answer]]


def ask_numpy(front_end: FrontEnd | WordPieces, texts: list[str]) -> list[Answer]:
    """Token spans, token counts and, of the projection, features by the numpy front end; no logits.

    Where word pieces are tells which they are.
    """
    nothing = np.zeros(0, np.float32)
    answers = []
    for text in texts:
        rows, spans, count = front_end.read(text)
        features = fingerprint(rows) if isinstance(front_end, FrontEnd) else 0
        answers.append(Answer(features, count, spans, nothing, np.zeros((len(spans), 0))))
    return answers


def ask_keras(student: Student, texts: list[str]) -> list[Answer]:
    """Logits by Keras; the token counts are those after the cut, and there are no features."""
    answers = []
    for said in student.label(texts):
        labels = np.zeros(0, np.float32) if said.logits is None else said.logits
        tags = np.zeros((len(said.units), 0), np.float32) if said.tag_logits is None else said.tag_logits
        answers.append(Answer(0, len(said.units), said.units, labels, tags))
    return answers


def kept_answers(ask: Ask, host: str, texts: Texts, count: int, folder: Path) -> Answers:
    """The answers to the first `count` texts; those that `folder` lacks are asked for and kept there."""
    for part in parts(count):
        if not part_path(folder, part).exists():
            write_part(part_path(folder, part), host, ask([texts.string(index) for index in part]))
    answers = read_parts(folder, count)
    assert answers is not None  # for all of them were just made
    return answers
