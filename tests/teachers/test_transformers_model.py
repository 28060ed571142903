from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from edgekd.data.examples import LabelSet, Task
from edgekd.errors import TeacherError
from edgekd.teachers import load_teacher
from edgekd.teachers.subwords import load_tokenizer


@pytest.fixture
def save(encoder, tmp_path):
    """Save a classification model with random weights, its labels named so."""

    def save(kind, names, **settings):
        torch.manual_seed(1)
        config = AutoConfig.from_pretrained(encoder)
        config.id2label = dict(enumerate(names))
        config.label2id = {name: index for index, name in enumerate(names)}
        config.update(settings)
        model = kind.from_config(config)
        model.save_pretrained(tmp_path / "model")
        load_tokenizer(encoder).save_pretrained(tmp_path / "model")
        return str(tmp_path / "model"), model.eval()

    return save


def logits_of(model, folder, text):
    with torch.inference_mode():
        return model(**load_tokenizer(folder)(text, return_tensors="pt")).logits[0].numpy()


def test_sequence_classification_in_the_order_of_the_label_set(save):
    folder, model = save(AutoModelForSequenceClassification, ["zebra", "ant", "cat"])
    teacher = load_teacher(folder)
    assert teacher.task is Task.CLASSIFICATION
    assert teacher.labels == LabelSet(("ant", "cat", "zebra"))
    (output,) = teacher.label(["weather in Paris"])
    np.testing.assert_allclose(
        output.logits, logits_of(model, folder, "weather in Paris")[[1, 2, 0]], atol=1e-5
    )
    assert output.tag_logits is None


def test_in_bf16(save):
    folder, model = save(AutoModelForSequenceClassification, ["zebra", "ant", "cat"])
    teacher = load_teacher(folder, "bf16")
    assert teacher.fingerprint != load_teacher(folder).fingerprint
    (output,) = teacher.label(["weather in Paris"])
    wanted = logits_of(model, folder, "weather in Paris")[[1, 2, 0]]
    assert 0 < np.abs(output.logits - wanted).max() < 0.2 * np.abs(wanted).max()


def test_a_multi_label_model_is_known_as_one(save):
    folder, _ = save(
        AutoModelForSequenceClassification, ["a", "b"], problem_type="multi_label_classification"
    )
    assert load_teacher(folder).task is Task.MULTILABEL


def test_token_classification_with_tags_in_any_order(save):
    folder, model = save(AutoModelForTokenClassification, ["I-y", "B-x", "O", "I-x", "B-y"])
    teacher = load_teacher(folder)
    assert teacher.task is Task.TAGGING
    assert teacher.labels.tags == ("O", "B-x", "I-x", "B-y", "I-y")
    (output,) = teacher.label(["Paris today"])
    first = logits_of(model, folder, "Paris today")[1]
    np.testing.assert_allclose(output.tag_logits[0], first[[2, 1, 3, 4, 0]], atol=1e-5)
    assert output.units.tolist() == [[0, 5], [6, 11]]


def test_a_tag_that_is_missing_is_never_chosen(save):
    folder, _ = save(AutoModelForTokenClassification, ["O", "I-x"])
    teacher = load_teacher(folder)
    assert teacher.labels.tags == ("O", "B-x", "I-x")
    (output,) = teacher.label(["Paris today"])
    np.testing.assert_array_equal(output.tag_logits[:, 1], output.tag_logits.min(-1))


def test_tags_that_are_not_bio_are_refused(save):
    folder, _ = save(AutoModelForTokenClassification, ["O", "PERSON"])
    with pytest.raises(TeacherError, match="PERSON"):
        load_teacher(folder)


@pytest.mark.parametrize(
    ("names", "settings"), [(["score"], {}), (["low", "high"], {"problem_type": "regression"})]
)
def test_regression_is_refused(save, names, settings):
    folder, _ = save(AutoModelForSequenceClassification, names, **settings)
    with pytest.raises(TeacherError, match="regression"):
        load_teacher(folder)


def test_a_model_without_a_head_for_labels_is_refused(save):
    folder, _ = save(AutoModelForMaskedLM, ["a", "b"])
    with pytest.raises(TeacherError, match="ForMaskedLM"):
        load_teacher(folder)


def test_pickled_weights_are_refused(save, tmp_path):
    folder, model = save(AutoModelForSequenceClassification, ["a", "b"])
    (tmp_path / "model" / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "model" / "pytorch_model.bin")
    with pytest.raises(TeacherError, match="safetensors"):
        load_teacher(folder)


def test_damaged_weights_are_explained(save, tmp_path):
    folder, _ = save(AutoModelForSequenceClassification, ["a", "b"])
    (tmp_path / "model" / "model.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(TeacherError, match="weights"):
        load_teacher(folder)


def test_a_change_of_weights_changes_the_fingerprint(save):
    folder, model = save(AutoModelForSequenceClassification, ["a", "b"])
    first = load_teacher(folder).fingerprint
    with torch.no_grad():
        next(model.parameters())[0] += 1e-3
    model.save_pretrained(folder)
    assert load_teacher(folder).fingerprint != first
