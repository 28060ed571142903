"""A file is held against Keras on labelled examples: labels, metrics, latency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgekd.data.examples import Example
from edgekd.errors import GateFailed, ParityError
from edgekd.quantize.schemes import SCHEMES
from edgekd.runtime import Bundle

if TYPE_CHECKING:
    from edgekd.bench.quality import Quality
    from edgekd.students.student import Student

FLOAT = SCHEMES["float32"]
TEXTS = ("wake me up at seven", "play jazz", "wie wird das wetter", "ปลุกฉัน", "", "اتصل بأمي", "7:30")


@pytest.fixture
def bundle(bundle_of: Callable[[str], Path]) -> Bundle:
    return Bundle.load(bundle_of("float32"), "onnxruntime")


def own(student: Student) -> tuple[list[Example], Quality]:
    """Texts labelled with what the student says, all but the first, and what it is worth on them."""
    from edgekd.export.comparison import in_keras

    unlabelled = [Example(text, "en", ("?",)) for text in TEXTS]
    said = in_keras(student, unlabelled).predictions
    examples = [
        replace(example, labels=prediction.labels, spans=prediction.spans)
        for example, prediction in zip(unlabelled, said, strict=True)
    ]
    examples[0] = unlabelled[0]
    return examples, in_keras(student, examples)


def test_the_same_numbers_are_the_same_labels(bundle: Bundle, small_student: Student) -> None:
    from edgekd.export.comparison import compare

    examples, keras = own(small_student)
    one = compare(bundle, keras, examples, FLOAT, max_loss=0.0)
    assert (one.examples, one.agreement, one.loss) == (len(TEXTS), 1.0, 0.0)
    assert one.metrics["exact_match"] == pytest.approx(1 - 1 / len(TEXTS))
    assert set(one.change.values()) == {0.0}
    assert 1 < one.p50_us < 1e6


def test_another_student_is_found_out(bundle: Bundle, small_student: Student) -> None:
    from edgekd.export.comparison import compare
    from edgekd.students.student import Student

    other = Student.new(small_student.task, small_student.labels, ("en",), small_student.config, seed=99)
    examples, keras = own(other)
    with pytest.raises(ParityError, match="the labels of Keras"):
        compare(bundle, keras, examples, FLOAT)


def test_the_gate_names_the_metric_that_lost_most(bundle: Bundle, small_student: Student) -> None:
    from edgekd.export.comparison import compare

    examples, keras = own(small_student)
    own_hits, of = keras.tallies.hits, keras.tallies.of
    better = {
        name: hits + (0.04 if name == "exact_match" else 0.01) * of[name] for name, hits in own_hits.items()
    }
    keras = replace(keras, tallies=replace(keras.tallies, hits=better))
    assert compare(bundle, keras, examples, FLOAT, max_loss=0.05).loss == pytest.approx(0.04)
    with pytest.raises(GateFailed, match=r"onnxruntime loses 4\.00 points of exact match"):
        compare(bundle, keras, examples, FLOAT, max_loss=0.03)
