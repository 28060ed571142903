from __future__ import annotations

import dataclasses
import json

from edgekd.data.examples import Dataset, Example, LabelSet, Span, Task
from edgekd.data.summary import Lengths, Repeats, summarise


def by_spaces(text: str) -> list[tuple[int, int]]:
    offsets, at = [], 0
    for word in text.split(" "):
        offsets.append((at, at + len(word)))
        at += len(word) + 1
    return offsets


def joint(text: str, label: str = "x", *spans: Span, language: str = "en") -> Example:
    return Example(text, language, (label,), spans)


def demo() -> Dataset:
    train = [
        joint("in rome", "go", Span(3, 7, "city")),
        joint("in rome", "go", Span(3, 7, "city")),
        joint("in rome", "stay"),
        joint("in rome", "go", language="it"),
        joint("one two three four", "go", Span(0, 2, "city")),
    ]
    dev = [joint("in rome", "stay"), joint("one two three four", "fly"), joint("new", "go")]
    return Dataset("demo", Task.JOINT, {"dev": dev, "train": train}, LabelSet.of(train), {"empty text": 2})


def test_everything_is_counted():
    summary = summarise(demo(), by_spaces)
    assert list(summary.examples) == ["train", "dev"]
    assert summary.examples == {"train": {"en": 4, "it": 1}, "dev": {"en": 3}}
    assert summary.labels == {"go": {"train": 4, "dev": 1}, "stay": {"train": 1, "dev": 1}, "fly": {"dev": 1}}
    assert list(summary.labels) == ["go", "stay", "fly"]
    assert summary.slots == {"city": {"train": 3}}
    assert summary.chars["it"] == Lengths(7, 7, 7, 7)
    assert summary.tokens["en"] == Lengths(2, 4, 4, 4)
    assert summary.spans == 3
    assert summary.unreachable == {"en": 1}
    assert summary.unreachable_shown == ["'on': city in 'one two three four'"]
    assert summary.duplicates == {"train": Repeats(2, 1), "dev": Repeats(0, 0)}
    assert summary.leaks == {"train in dev": Repeats(2, 1)}
    assert summary.unknown == {"dev": {"fly": 1}}
    assert summary.skipped == {"empty text": 2}


def test_percentiles_are_lengths_that_occur():
    assert Lengths.of([1, 2, 3, 100]) == Lengths(3, 100, 100, 100)
    assert Lengths.of([5]) == Lengths(5, 5, 5, 5)


def test_it_is_json():
    assert json.loads(json.dumps(dataclasses.asdict(summarise(demo(), by_spaces))))["unreachable"] == {
        "en": 1
    }


def test_the_students_tokens_are_the_usual_ones():
    dataset = Dataset(
        "thai", Task.CLASSIFICATION, {"train": [joint("ไทย ok", language="th")]}, LabelSet(("x",))
    )
    assert summarise(dataset).tokens["th"].longest > 2
