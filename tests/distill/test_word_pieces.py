"""Students that read the word pieces of their teacher: distilled, saved, pre-trained, and what is refused."""

import numpy as np
import pytest
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, BertTokenizerFast

from edgekd.distill.pipeline import distil
from edgekd.errors import TeacherError, UsageError
from edgekd.pretraining.pretrain import pretrain
from edgekd.recipe import Pretraining, Recipe, Training, Transformer
from edgekd.search.runner import Runner
from edgekd.students.pretrained import load_pretrained
from edgekd.students.student import Student
from edgekd.teachers import load_teacher
from edgekd.teachers.finetune import TeachConfig, teach
from edgekd.teachers.states import load_state_teacher

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SHAPE = Transformer(
    front="word_pieces",
    embedding=12,
    inherit="first",
    width=16,
    layers=1,
    heads=2,
    feed_forward=24,
    dropout=0,
)
RECIPE = Recipe(
    student=SHAPE, training=Training(epochs=10, least_texts=1, batch_size=8, learning_rate=0.01, ema=0.9)
)


@pytest.fixture(scope="module")
def teacher(dataset, tmp_path_factory):
    """A small BERT with a vocabulary of the data's words, taught for a moment."""
    folder = tmp_path_factory.mktemp("bert")
    words = {word for example in dataset.splits["train"] for word in example.text.split()}
    letters = {letter for word in words for letter in word}
    pieces = [*SPECIAL, *sorted(words | letters | {f"##{letter}" for letter in letters})]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    BertTokenizerFast(tokenizer_object=BertWordPieceTokenizer(numbers)._tokenizer).save_pretrained(folder)
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24, "num_hidden_layers": 2}
    BertModel(BertConfig(vocab_size=len(pieces), **sizes)).save_pretrained(folder)
    taught = tmp_path_factory.mktemp("teacher") / "teacher"
    teach(dataset, str(folder), taught, TeachConfig(epochs=4, learning_rate=5e-3))
    return taught


@pytest.fixture(scope="module")
def run(dataset, teacher, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    return out, distil(dataset, load_teacher(teacher), RECIPE, out, control=False)


def test_it_learns_and_is_the_same_when_it_is_loaded(run, dataset):
    out, metrics = run
    assert metrics["splits"]["dev"]["student"]["overall"]["accuracy"] >= 0.8
    student = Student.load(out)
    assert student.config.pieces == len(student.vocabulary.pieces) < 100
    said = list(student.label(["wake me up at noon", "", "zzz"]))
    assert len(said[0].units) == 5 and len(said[1].units) == 0
    student.save(out / "again")
    again = Student.load(out / "again")
    assert again.fingerprint == student.fingerprint and again.front_end == student.front_end
    for one, other in zip(said, again.label(["wake me up at noon", "", "zzz"]), strict=True):
        np.testing.assert_array_equal(one.logits, other.logits)


def test_tags_stand_at_pieces(run):
    out, _ = run
    student = Student.load(out)
    (said,) = student.label(["wake me up at nooon"])
    assert (
        said.tag_logits.shape[0] == len(said.units) == len(student.front_end.read("wake me up at nooon").rows)
    )


def test_it_starts_from_what_it_has_read(dataset, teacher, tmp_path):
    texts = [example.text for example in dataset.splits["train"]] * 4
    texts = [f"{text} {number}" for number, text in enumerate(texts)]
    settings = Pretraining(student=SHAPE, training=Training(epochs=1, batch_size=16))
    pretrain(texts, [load_state_teacher(str(teacher), (-1,))], settings, tmp_path / "read")
    read = load_pretrained(str(tmp_path / "read"))
    recipe = RECIPE.changed({"distillation.pretrained": str(tmp_path / "read"), "training.epochs": 1})
    distil(dataset, load_teacher(teacher), recipe, tmp_path / "run", control=False)
    assert Student.load(tmp_path / "run").vocabulary == read.vocabulary


def test_what_does_not_go_together_is_refused(dataset, teacher, rule_teacher, tmp_path):
    with pytest.raises(TeacherError, match="no tokenizer"):
        distil(dataset, rule_teacher(dataset), RECIPE, tmp_path / "a")
    mixing = RECIPE.changed({"distillation.mixup": 0.4})
    with pytest.raises(UsageError, match="mixup"):
        distil(dataset, load_teacher(teacher), mixing, tmp_path / "b")
    assert not (tmp_path / "a" / "training").exists()


def test_what_its_file_costs_is_known_before_it_is_trained(dataset, teacher, tmp_path):
    runner = Runner(dataset, load_teacher(teacher), tmp_path)
    small, large = (
        runner.cost(RECIPE.changed({"student.inherit": "nothing", "student.width": width}), "size")
        for width in (16, 64)
    )
    assert 0 < small < large
