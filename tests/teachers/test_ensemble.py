from __future__ import annotations

import numpy as np
import pytest

from edgekd.data.examples import Dataset, Example, LabelSet, Task
from edgekd.errors import LabelError, UsageError
from edgekd.teachers import load_teacher
from edgekd.teachers.ensemble import Ensemble, Member
from edgekd.teachers.label_map import LabelMap
from edgekd.teachers.teacher import SoftLabels
from edgekd.teachers.weights import Weighting

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


def test_other_labels_are_refused_and_named():
    with pytest.raises(LabelError, match=r"have other labels: 'c'"):
        Ensemble([Fixed([], []), Fixed([], [], labels=LabelSet(("a", "c"), ("x",)))])


def test_another_task_is_refused():
    other = Fixed([], [])
    other.task = Task.TAGGING
    with pytest.raises(LabelError, match="for tagging, and"):
        Ensemble([Fixed([], []), other])


def test_the_same_labels_in_another_order_are_brought_into_one():
    swapped = Fixed([], [], (5, 1), labels=LabelSet(("b", "a"), ("x",)))
    (output,) = Ensemble([Fixed([], [], (1, 3)), swapped]).label(["text"])
    np.testing.assert_array_equal(output.logits, [1, 4])


def mapped(names, labels, **more):
    teacher = Fixed([], [], np.zeros(len(labels)), labels=LabelSet(labels, ("x",)), **more)
    return Member(teacher, mapping=LabelMap(names), name="mia")


def test_labels_that_are_mapped_need_to_be_those_of_the_others():
    both = Ensemble([Fixed([], []), mapped({"c": "a"}, ("c",))])
    assert both.labels == LABELS
    with pytest.raises(LabelError, match="mia is mapped to 1 labels (.*), such as 'd'"):
        Ensemble([Fixed([], []), mapped({"c": "a"}, ("c", "d"))])


def test_where_all_are_mapped_the_labels_are_those_of_all():
    both = Ensemble([mapped({"c": "b"}, ("c", "d")), mapped({"e": "a"}, ("e",))])
    assert both.labels == LabelSet(("a", "b", "d"), ("x",))


def dataset(labels, languages=("en",)):
    examples = [Example("a", language, (labels[0],)) for language in languages]
    return Dataset("given", Task.JOINT, {"train": examples}, LabelSet(labels, ("x",)))


def test_labels_that_the_data_does_not_have_are_refused():
    both = Ensemble([mapped({"c": "b"}, ("a", "c"))])
    both.require_use(dataset(("a", "b")), {"en"})
    with pytest.raises(LabelError, match="mia maps to 1 labels that given does not have, such as 'b'"):
        both.require_use(dataset(("a", "B")), {"en"})


def speaking(languages, **more):
    return Member(Fixed([], [], **more), languages, name=f"one for {languages}")


@pytest.mark.parametrize(
    ("languages", "language", "answers"),
    [
        ((), "und", True),
        (("de",), "de", True),
        (("de",), "de-AT", True),
        (("de-AT",), "de", False),
        (("de",), "den", False),
        (("de", "fr"), "fr-FR", True),
        (("de",), "und", False),
    ],
)
def test_who_answers_which_language(languages, language, answers):
    assert speaking(languages).answers(language) is answers


@pytest.mark.parametrize(
    ("members", "languages", "weights", "error", "said"),
    [
        ([speaking(("de",))], {"de", "en"}, "mean", LabelError, "no teacher answers texts in 'en'"),
        ([Fixed([], []), Fixed([], [])], {"en"}, "1,2,3", UsageError, "3 weights for 2 teachers"),
        ([speaking(("de",)), speaking(("en",))], {"de", "en"}, "0,1", UsageError, "'de' have the weight 0"),
        (
            [speaking(("de",)), mapped({"c": "a"}, ("c",))],
            {"de", "en"},
            "mean",
            LabelError,
            "answers 'en' knows every label: mia lacks 'b'",
        ),
    ],
)
def test_what_nobody_can_answer_is_refused(members, languages, weights, error, said):
    with pytest.raises(error, match=said):
        Ensemble(members).require(languages, Weighting.parse(weights))


def test_a_teacher_of_a_language_that_is_not_there_is_refused():
    both = Ensemble([speaking(("de",)), Fixed([], [])])
    both.require({"en"})
    both.require_use(dataset(("a", "b")), {"en", "de-AT"})
    with pytest.raises(LabelError, match="is to answer de, of which there is nothing"):
        both.require_use(dataset(("a", "b")), {"en"})


def test_what_can_be_answered_is_not_refused():
    members = [speaking(("de",)), Fixed([], []), mapped({"c": "a"}, ("c",))]
    Ensemble(members).require({"de-AT", "en"}, Weighting.parse("1,1,0"))


def test_the_fingerprint_is_that_of_all():
    names = {Ensemble([Fixed([], []), Fixed([], [], fingerprint=name)]).fingerprint for name in "fgh"}
    assert len(names) == 3
    members = [
        [Fixed([], [])],
        [speaking(("de",))],
        [mapped({}, ("a", "b"))],
        [mapped({"a": "c"}, ("a", "b"))],
    ]
    assert len({Ensemble(some).fingerprint for some in members}) == 4


def test_an_ensemble_of_stored_logits_takes_no_new_text():
    stored = Fixed([], [])
    stored.any_text = False
    assert Ensemble([Fixed([], []), Fixed([], [])]).any_text
    assert not Ensemble([Fixed([], []), stored]).any_text


def test_folders_are_joined_by_plus(teacher_folder):
    single, double = load_teacher(teacher_folder), load_teacher(f"{teacher_folder}+{teacher_folder}")
    (one,), (both,) = single.label(["fly me to Paris"]), double.label(["fly me to Paris"])
    np.testing.assert_allclose(one.logits, both.logits, rtol=1e-6)
    assert single.fingerprint != double.fingerprint


def test_members_are_spelt_with_languages_and_mapping(teacher_folder, tmp_path):
    mapping = tmp_path / "labels.yaml"
    mapping.write_text("labels: {fly: travel}")
    ensemble = load_teacher(f"de,pt-BR={teacher_folder}@{mapping} + {teacher_folder}@{mapping}")
    first, second = ensemble.members
    assert (first.languages, second.languages) == (("de", "pt-BR"), ())
    assert first.name == teacher_folder
    assert ensemble.labels.labels == ("travel", "weather")
    single = load_teacher(f"de={teacher_folder}")
    assert len(single.members) == 1
    assert single.members[0].mapping is None


def test_what_is_a_path_is_a_path_whatever_is_in_its_name(teacher_folder, tmp_path):
    path = tmp_path / "de=x+y@z.json"
    path.symlink_to(teacher_folder)
    assert load_teacher(path).fingerprint == load_teacher(teacher_folder).fingerprint
    inside = load_teacher(f"{teacher_folder}@{_mapping(tmp_path)}")
    assert inside.members[0].name == teacher_folder


def _mapping(folder):
    path = folder / "labels.json"
    path.write_text('{"labels": {"fly": "travel"}}')
    return path


def test_a_mapping_of_what_the_teacher_does_not_have_is_refused(teacher_folder, tmp_path):
    path = tmp_path / "labels.yaml"
    path.write_text("labels: {flly: travel}")
    with pytest.raises(LabelError, match="such as 'flly'"):
        load_teacher(f"{teacher_folder}@{path}")
