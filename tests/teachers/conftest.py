"""A toy assistant in four scripts, and a teacher of it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edgekd.data.examples import Dataset, Example, LabelSet, Span, Task
from edgekd.teachers.teacher import SoftLabels
from edgekd.text.tokens import tokenize

CITIES = ("Paris", "New York", "กรุงเทพ", "दिल्ली", "Αθήνα")
LABELS = LabelSet(("fly", "weather"), ("city", "day"))


def toy_examples(count: int, seed: int) -> list[Example]:
    draw = random.Random(seed)
    examples = []
    for _ in range(count):
        city, day = draw.choice(CITIES), draw.choice(("today", "on Monday"))
        if draw.random() < 0.5:
            text, label = f"weather in {city} {day}", "weather"
        else:
            text, label = f"fly me to {city} {day}", "fly"
        start = text.index(city)
        spans = (Span(start, start + len(city), "city"), Span(len(text) - len(day), len(text), "day"))
        examples.append(Example(text, "en", (label,), spans))
    return examples


@pytest.fixture(scope="session")
def toy() -> Dataset:
    splits = {"train": toy_examples(240, 1), "dev": toy_examples(40, 2)}
    return Dataset("toy", Task.JOINT, splits, LABELS)


@pytest.fixture(scope="session")
def encoder(toy, tmp_path_factory) -> str:
    """A folder with an encoder of one layer and random weights."""
    from edgekd.teachers.fresh import Size, new_encoder

    folder = tmp_path_factory.mktemp("encoder") / "bert"
    texts = [example.text for example in toy.splits["train"]]
    new_encoder(Size(32, 1, 2, 600), texts, folder, max_length=48, seed=0)
    return str(folder)


@pytest.fixture(scope="session")
def teacher_folder(toy, encoder, tmp_path_factory) -> str:
    from edgekd.teachers.finetune import TeachConfig, teach

    folder = tmp_path_factory.mktemp("teacher")
    teach(toy, encoder, folder, TeachConfig(epochs=8, learning_rate=5e-3, max_length=48))
    return str(folder)


class Chance:
    """Is right so often, each text by itself; and remembers what it was asked."""

    task, labels, any_text = Task.JOINT, LabelSet(("a", "b"), ("x",)), True

    def __init__(self, examples=(), right=1.0, name="t", size=3.0):
        self.known = {example.text: example for example in examples}
        self.right, self.fingerprint, self.size, self.asked = right, name, size, []

    def label(self, texts):
        for text in texts:
            self.asked.append(text)
            seed = sum(f"{self.fingerprint} {text}".encode())
            draw = np.random.default_rng([seed, len(text)])
            number = self.labels.labels.index(self.known[text].labels[0]) if text in self.known else 0
            number = number if draw.random() < self.right else 1 - number
            tokens = np.array(tokenize(text), np.int32).reshape(-1, 2)
            tags = np.tile(np.array([self.size, 0, 0], np.float32), (len(tokens), 1))
            yield SoftLabels(np.eye(2, dtype=np.float32)[number] * self.size, tokens, tags)


@pytest.fixture
def chance() -> type[Chance]:
    return Chance
