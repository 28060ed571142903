"""What the numpy front end and Keras say: what every file is held against."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from bench.conformance.answers import Answer, Answers, fingerprint, part_path, parts, read_parts, write_part
from bench.conformance.texts import Texts
from edgekd.students.student import Student
from edgekd.text.projection import text_features


def ask_keras(student: Student, texts: list[str]) -> list[Answer]:
    """The student's answers to texts of any length."""
    answers = []
    for text, said in zip(texts, student.label(texts), strict=True):
        features, spans, count = text_features(text, student.front_end)
        labels = np.zeros(0, np.float32) if said.logits is None else said.logits
        tags = np.zeros((len(spans), 0), np.float32) if said.tag_logits is None else said.tag_logits
        answers.append(Answer(fingerprint(features), count, spans, labels, tags))
    return answers


def keras_answers(student: Student, texts: Texts, folder: Path) -> Answers:
    """The student's answers to all texts, kept in `folder`."""
    host = f"Keras {keras.__version__}, TensorFlow {tf.__version__}"
    for part in parts(len(texts)):
        if not part_path(folder, part).exists():
            write_part(part_path(folder, part), host, ask_keras(student, [texts.string(i) for i in part]))
    answers = read_parts(folder, len(texts))
    assert answers is not None  # for all of them were just made
    return answers
