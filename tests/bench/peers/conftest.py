"""The toy task of the tiny bundle (tests/conftest.py), with a teacher and an encoder of random weights."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.peers import averaged, encoders, lstm
from bench.peers.sources import Sources
from edgekd.data.examples import Dataset, Example, LabelSet, Span, Task

LABELS = LabelSet(("numbers", "words"), ("number",))
WORDS = ("wake", "me", "up", "at", "noon", "call", "my", "mother", "the", "train")
ODD = ("", " ", "\n", "a\x00b", "\ud800 lone", "\U0001f600\u200d", "e\u0301" * 300, "7" * 2000, "กรุงเทพ")


def toy_examples(count: int, seed: int) -> list[Example]:
    draw = random.Random(seed)
    examples = []
    for _ in range(count):
        text, spans = " ".join(draw.sample(WORDS, 4)), ()
        if draw.random() < 0.5:
            number = str(draw.randrange(40, 50))
            spans = (Span(len(text) + 1, len(text) + 3, "number"),)
            text = f"{text} {number}"
        examples.append(Example(text, "en", ("numbers" if spans else "words",), spans))
    return examples


@pytest.fixture(scope="session")
def random_teacher(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of an encoder and of a teacher with it."""
    torch = pytest.importorskip("torch")
    from edgekd.teachers.encoder import TeacherNetwork, load_encoder, save_encoder_teacher
    from edgekd.teachers.fresh import Size, new_encoder
    from edgekd.teachers.subwords import load_tokenizer

    folder = tmp_path_factory.mktemp("teacher")
    texts = [one.text for one in toy_examples(100, 0)]
    new_encoder(Size(32, 1, 2, 300), texts, folder / "encoder", max_length=32, seed=0)
    torch.manual_seed(0)
    network = TeacherNetwork(load_encoder(str(folder / "encoder")), LABELS)
    save_encoder_teacher(
        folder / "teacher",
        network,
        load_tokenizer(str(folder / "encoder")),
        task=Task.JOINT,
        labels=LABELS,
        max_length=32,
        made_with={},
    )
    return folder / "encoder", folder / "teacher"


@pytest.fixture(scope="session")
def sources(
    bundle_folder: Path, random_teacher: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Sources:
    encoder, teacher = random_teacher
    dataset = Dataset("toy", Task.JOINT, {"train": toy_examples(200, 1), "dev": toy_examples(40, 2)}, LABELS)
    return Sources(dataset, "dev", bundle_folder, teacher, encoder, (), tmp_path_factory.mktemp("work"))


@pytest.fixture(autouse=True, scope="session")
def small() -> None:
    """Small enough to be trained here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "units": 16,
            "embedding": 16,
            "batch": 16,
            "epochs": 6,
            "learning_rate": 0.01,
        }.items():
            patch.setitem(lstm.SETTINGS, name, value)
        for name, value in {"places": 16, "batch": 16, "epochs": 12, "learning_rate": 0.02}.items():
            patch.setitem(averaged.SETTINGS, name, value)
        tiny = encoders.Shape("tiny", "Tiny", "Bert", encoders._bert(1, 16, 16, 2), "made up")
        patch.setitem(encoders.SHAPES, "tiny", tiny)
        yield
