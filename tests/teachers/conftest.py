"""A toy assistant in four scripts, and a teacher of it."""

from __future__ import annotations

import random

import pytest

from edgekd.data.examples import Dataset, Example, LabelSet, Span, Task

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
