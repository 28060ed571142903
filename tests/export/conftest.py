"""Small students with random weights, and the bundles made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgekd.data.examples import LabelSet, Task
from edgekd.quantize.schemes import SCHEMES
from edgekd.recipe import PQRNN, PRESETS, Shape, Transformer
from edgekd.text.word_pieces import Vocabulary

if TYPE_CHECKING:
    from edgekd.students.student import Student

pytest.importorskip("tensorflow")

LABELS = LabelSet(("alarm", "music", "weather"), ("date", "place"))
TINY = PQRNN(
    token_features=32,
    ngram_features=32,
    ngram_groups=2,
    bottleneck=24,
    units=8,
    layers=2,
    max_tokens=12,
    max_chars=64,
)
TINY_TRANSFORMER = Transformer(
    token_features=32,
    ngram_features=32,
    ngram_groups=2,
    width=16,
    layers=2,
    heads=2,
    feed_forward=32,
    max_tokens=12,
    max_chars=64,
)
SMALL = PRESETS["pqrnn-0.2m"].model_copy(update={"max_tokens": 20, "max_chars": 96})
LETTERS = [
    chr(point) for first, last in ((97, 123), (48, 58), (0x430, 0x450)) for point in range(first, last)
]
WORDS = ["wake", "me", "up", "at", "##row", "tomor", "please", ",", "!", ":", "明", "日", "завтра", "म"]
VOCABULARY = Vocabulary((*LETTERS, *(f"##{one}" for one in LETTERS), *WORDS), lower_case=True)
SMALL_TRANSFORMER = Transformer(
    width=96, layers=2, heads=4, feed_forward=192, token_features=192, ngram_features=192
).model_copy(update={"max_tokens": 20, "max_chars": 96})


@pytest.fixture(scope="session")
def make_student() -> Callable[..., Student]:
    """Students whose weights and batch statistics are random, none of them zero or one."""
    from edgekd.students.student import Student

    def make(
        config: Shape = TINY, labels: LabelSet = LABELS, vocabulary: Vocabulary | None = None, **changes: Any
    ) -> Student:
        task = Task.JOINT if labels.labels else Task.TAGGING
        task = task if labels.slots else Task.CLASSIFICATION
        config = config.model_copy(update=changes)
        student = Student.new(task, labels, ("en",), config, seed=3, vocabulary=vocabulary)
        rng = np.random.default_rng(5)
        for weight in student.network.weights:
            if len(weight.shape) == 1 and weight.dtype == "float32":
                weight.assign(weight.numpy() + rng.uniform(0.05, 0.5, weight.shape))
        return student

    return make


@pytest.fixture(scope="session")
def tiny_run(make_student: Callable[..., Student], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a student of a few thousand parameters."""
    folder = tmp_path_factory.mktemp("run")
    make_student().save(folder)
    return folder


@pytest.fixture(scope="session")
def small_student(make_student: Callable[..., Student]) -> Student:
    """A student of 0.2 M parameters."""
    return make_student(SMALL)


@pytest.fixture(scope="session")
def small_students(small_student: Student, make_student: Callable[..., Student]) -> dict[str, Student]:
    """One of 0.2 M parameters of each kind."""
    reads_pieces = {"front": "word_pieces", "pieces": len(VOCABULARY.pieces), "embedding": 64}
    return {
        "pqrnn": small_student,
        "transformer": make_student(SMALL_TRANSFORMER),
        "word pieces": make_student(SMALL_TRANSFORMER, vocabulary=VOCABULARY, **reads_pieces),
    }


@pytest.fixture(scope="session")
def bundle_of(
    small_students: dict[str, Student], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """The bundle of one of `small_students` in a scheme, made once."""
    from edgekd.export.bundle import FORMATS, export
    from edgekd.export.golden_texts import golden_texts

    made: dict[tuple[str, str], Path] = {}

    def make(scheme: str, student: str = "pqrnn") -> Path:
        if (scheme, student) not in made:
            run = tmp_path_factory.mktemp("run")
            small_students[student].save(run)
            made[scheme, student] = run / "bundle"
            export(
                run,
                made[scheme, student],
                dict.fromkeys(FORMATS, SCHEMES[scheme]),
                calibration=golden_texts(20, 96),
            )
        return made[scheme, student]

    return make
