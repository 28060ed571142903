from __future__ import annotations

import numpy as np
import pytest

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import LabelError
from edgekd.teachers import load_teacher
from edgekd.teachers.ensemble import Ensemble
from edgekd.teachers.teacher import SoftLabels

LABELS = LabelSet(("a", "b"), ("x",))


class Fixed:
    """A teacher that says the same of every text."""

    def __init__(self, units, tag_logits, logits=(0.0, 0.0), labels=LABELS, fingerprint="f"):
        self.task, self.labels, self.fingerprint, self.any_text = Task.JOINT, labels, fingerprint, True
        self.output = SoftLabels(
            np.array(logits, np.float32),
            np.array(units, np.int32).reshape(-1, 2),
            np.array(tag_logits, np.float32).reshape(-1, 3),
        )

    def label(self, texts):
        return iter([self.output] * len(texts))


def test_the_mean_of_equal_units():
    one = Fixed([[0, 2], [3, 4]], [[1, 2, 3], [4, 5, 6]], (1, 3))
    other = Fixed([[0, 2], [3, 4]], [[3, 2, 1], [0, 1, 2]], (3, 5))
    (output,) = Ensemble([one, other]).label(["text"])
    np.testing.assert_array_equal(output.logits, [2, 4])
    np.testing.assert_array_equal(output.tag_logits, [[2, 2, 2], [2, 3, 4]])
    assert output.logits.dtype == output.tag_logits.dtype == np.float32


def test_other_units_meet_at_the_finest():
    coarse = Fixed([[0, 4]], [[0, 8, 0]])
    fine = Fixed([[0, 2], [2, 4], [5, 6]], [[0, 8, 0], [0, 0, 8], [6, 0, 0]])
    (output,) = Ensemble([coarse, fine]).label(["text"])
    assert output.units.tolist() == [[0, 2], [2, 4], [5, 6]]
    # Both say that the first unit begins x and the second goes on with it; only one knows the third.
    assert output.tag_logits.argmax(-1).tolist() == [1, 2, 0]
    np.testing.assert_array_equal(output.tag_logits[2], [6, 0, 0])


def test_no_units_at_all():
    (output,) = Ensemble([Fixed([], []), Fixed([], [])]).label([""])
    assert output.units.shape == (0, 2)
    (output,) = Ensemble([Fixed([], []), Fixed([[0, 1]], [[1, 2, 3]])]).label(["a"])
    np.testing.assert_array_equal(output.tag_logits, [[1, 2, 3]])


def test_other_labels_are_refused():
    with pytest.raises(LabelError, match="teacher 2"):
        Ensemble([Fixed([], []), Fixed([], [], labels=LabelSet(("a", "c"), ("x",)))])


def test_the_fingerprint_is_that_of_all():
    names = {Ensemble([Fixed([], []), Fixed([], [], fingerprint=name)]).fingerprint for name in "fgh"}
    assert len(names) == 3


def test_folders_are_joined_by_plus(teacher_folder):
    single, double = load_teacher(teacher_folder), load_teacher(f"{teacher_folder}+{teacher_folder}")
    (one,), (both,) = single.label(["fly me to Paris"]), double.label(["fly me to Paris"])
    np.testing.assert_allclose(one.logits, both.logits, rtol=1e-6)
    assert single.fingerprint != double.fingerprint
