from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.data.examples import Example, Prediction, Span, Task
from edgekd.errors import DataError
from edgekd.metrics import MAIN_METRIC, distillation_ratio, retention, score


def test_joint_by_hand():
    examples = [
        Example("wake me at six", "en", ("alarm",), (Span(11, 14, "time"),)),
        Example("call mom", "en", ("call",), (Span(5, 8, "contact"),)),
        Example("spiel jazz", "de", ("play",), (Span(6, 10, "genre"),)),
        Example("licht an", "de", ("light",)),
    ]
    predictions = [
        Prediction(("alarm",), (Span(11, 14, "time"),)),
        Prediction(("call",), (Span(4, 8, "contact"),)),  # wrong start: one false, one missed
        Prediction(("light",), (Span(6, 10, "genre"),)),  # right slot, wrong intent
        Prediction(("light",), (Span(0, 5, "room"),)),  # a slot that is not there
    ]
    scores = score(Task.JOINT, examples, predictions)
    assert scores.overall == {"accuracy": 0.75, "span_f1": pytest.approx(4 / 7), "exact_match": 0.25}
    assert scores.by_language["en"] == {"accuracy": 1.0, "span_f1": 0.5, "exact_match": 0.5}
    assert scores.by_language["de"] == {"accuracy": 0.5, "span_f1": pytest.approx(2 / 3), "exact_match": 0.0}
    assert scores.counts == {"de": 2, "en": 2}


def test_a_span_with_another_slot_is_wrong():
    example = Example("in paris", spans=(Span(3, 8, "city"),))
    wrong = Prediction(spans=(Span(3, 8, "artist"),))
    assert score(Task.TAGGING, [example], [wrong]).overall == {"span_f1": 0.0, "exact_match": 0.0}


def test_tagging_does_not_look_at_labels():
    example = Example("in paris", labels=("x",), spans=(Span(3, 8, "city"),))
    assert score(Task.TAGGING, [example], [Prediction(spans=example.spans)]).overall["exact_match"] == 1.0


def test_multilabel_by_hand():
    examples = [Example("a", labels=("x", "y")), Example("b", labels=()), Example("c", labels=("z",))]
    predictions = [Prediction(("y", "x")), Prediction(("z",)), Prediction(("z", "x"))]
    scores = score(Task.MULTILABEL, examples, predictions).overall
    assert scores == {"micro_f1": pytest.approx(6 / 8), "exact_match": pytest.approx(1 / 3)}


def test_nothing_to_find_and_nothing_found_is_right():
    assert score(Task.TAGGING, [Example("hello")], [Prediction()]).overall == {
        "span_f1": 1.0,
        "exact_match": 1.0,
    }


def test_no_examples_and_unequal_lengths_are_refused():
    with pytest.raises(DataError, match="no examples"):
        score(Task.JOINT, [], [])
    with pytest.raises(DataError, match="2 predictions for 1 examples"):
        score(Task.CLASSIFICATION, [Example("a", labels=("x",))], [Prediction(("x",))] * 2)


def test_retention_and_distillation_ratio():
    assert retention(0.9, 0.95) == pytest.approx(0.9 / 0.95)
    assert retention(0.0, 0.0) is None
    assert distillation_ratio(student=0.8, teacher=0.9, control=0.6) == pytest.approx(2 / 3)
    assert distillation_ratio(student=0.5, teacher=0.9, control=0.6) == pytest.approx(-1 / 3)
    assert distillation_ratio(student=0.8, teacher=0.605, control=0.6) is None
    assert distillation_ratio(student=0.8, teacher=0.6, control=0.6) is None
    assert distillation_ratio(student=0.8, teacher=0.5, control=0.6) is None


spans = st.lists(st.builds(Span, st.integers(0, 3), st.integers(4, 6), st.sampled_from("ab")), max_size=3)
answers = st.tuples(st.sampled_from("xyz"), spans, st.sampled_from(["en", "de"]))


@pytest.mark.parametrize("task", Task)
@given(pairs=st.lists(st.tuples(answers, answers), min_size=1, max_size=6))
def test_bounds_and_the_perfect_prediction(task, pairs):
    examples = [Example("text", gold[2], (gold[0],), tuple(gold[1])) for gold, _ in pairs]
    guesses = [Prediction((guess[0],), tuple(guess[1])) for _, guess in pairs]
    scores = score(task, examples, guesses)
    for metrics in (scores.overall, *scores.by_language.values()):
        assert MAIN_METRIC[task] in metrics
        assert all(0 <= value <= 1 for value in metrics.values())
    perfect = [Prediction(example.labels, example.spans) for example in examples]
    assert set(score(task, examples, perfect).overall.values()) == {1.0}
