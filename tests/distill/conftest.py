"""A small joint data set and a teacher that answers from it by rule."""

import numpy as np
import pytest

from edgekd.data import Dataset, Example, LabelSet, Span, Task
from edgekd.data.align import tags_from_spans
from edgekd.teachers.teacher import SoftLabels
from edgekd.text.tokens import tokenize

TIMES = ["seven", "half past eight", "noon", "8", "nine tonight", "midnight"]
ARTISTS = ["queen", "miles davis", "bach", "lady gaga", "the beatles", "sade"]
LABELS = LabelSet(("music", "wake"), ("artist", "time"))


def example(label, before, value, slot, after="", language="en"):
    start = len(before)
    return Example(before + value + after, language, (label,), (Span(start, start + len(value), slot),))


def examples(times, artists):
    """Most combinations of an asking and a value; recombining makes the rest."""
    made = []
    for number, ask in enumerate(("wake me up", "get me up", "alarm")):
        made += [example("wake", f"{ask} at ", time, "time") for time in times[: len(times) - number]]
    for number, ask in enumerate(("play ", "put on ", "i want to hear ")):
        made += [example("music", ask, one, "artist", " please") for one in artists[: len(artists) - number]]
    return made


@pytest.fixture(scope="session")
def dataset():
    splits = {"train": examples(TIMES[:5], ARTISTS[:5]), "dev": examples(TIMES[3:], ARTISTS[3:])[::2]}
    return Dataset("small", Task.JOINT, splits, LABELS)


class RuleTeacher:
    """Knows the right answer of every text of the data set, and says music of any other."""

    task, labels, fingerprint, any_text = Task.JOINT, LABELS, "rule", True

    def __init__(self, dataset):
        self.known = {example.text: example for split in dataset.splits.values() for example in split}
        self.asked = []

    def label(self, texts):
        for text in texts:
            self.asked.append(text)
            known = self.known.get(text, Example(text, labels=("music",)))
            tokens = tokenize(text)
            tags, _ = tags_from_spans(known.spans, tokens)
            logits = np.array([4.0 * (name in known.labels) for name in LABELS.labels], np.float32)
            tag_logits = np.array([[4.0 * (tag == name) for name in LABELS.tags] for tag in tags], np.float32)
            yield SoftLabels(
                logits, np.array(tokens, np.int32).reshape(-1, 2), tag_logits.reshape(-1, len(LABELS.tags))
            )


@pytest.fixture(scope="session")
def rule_teacher():
    return RuleTeacher


@pytest.fixture
def teacher(dataset):
    return RuleTeacher(dataset)
