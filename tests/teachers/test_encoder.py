from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgekd.errors import TeacherError
from edgekd.metrics import score
from edgekd.teachers import load_teacher
from edgekd.teachers.encoder import load_encoder

STRANGE = [
    "",
    " ",
    "\x00",
    "\ud800",
    "a\udfff b\ud83d",
    "\u200d",
    "weather " * 5000,
    "é" * 100_000,
    "😀👩‍👩‍👧",
    "١٢٣",
]


def test_a_taught_teacher_knows_its_dev_split(toy, teacher_folder):
    teacher = load_teacher(teacher_folder)
    dev = toy.splits["dev"]
    outputs = teacher.label([example.text for example in dev])
    predictions = [output.decode(teacher.labels, teacher.task) for output in outputs]
    assert score(toy.task, dev, predictions).overall["exact_match"] >= 0.9


def test_outputs_come_in_order_and_do_not_depend_on_company(teacher_folder):
    teacher = load_teacher(teacher_folder)
    texts = ["fly me to Paris today", "weather", "fly", "weather in กรุงเทพ on Monday now please"] * 20
    for text, together in zip(texts[:4], teacher.label(texts), strict=False):
        (alone,) = teacher.label([text])
        np.testing.assert_allclose(alone.logits, together.logits, atol=1e-4)
        np.testing.assert_allclose(alone.tag_logits, together.tag_logits, atol=1e-4)
        np.testing.assert_array_equal(alone.units, together.units)


def test_any_string_is_labelled(teacher_folder):
    teacher = load_teacher(teacher_folder)
    outputs = list(teacher.label(STRANGE))
    for text, output in zip(STRANGE, outputs, strict=True):
        assert np.isfinite(output.logits).all()
        assert np.isfinite(output.tag_logits).all()
        assert output.tag_logits.shape == (len(output.units), len(teacher.labels.tags))
        assert (output.units[:, 0] < output.units[:, 1]).all()
        assert output.units.max(initial=0) <= len(text)
    # What cannot be encoded leaves the offsets behind it where they are.
    assert outputs[4].units[-1].tolist()[1] == len(STRANGE[4])


def test_no_texts_give_no_labels(teacher_folder):
    assert list(load_teacher(teacher_folder).label([])) == []


def test_the_fingerprint_is_that_of_weights_labels_tokenizer_and_length(teacher_folder, tmp_path):
    first = load_teacher(teacher_folder)
    assert load_teacher(teacher_folder).fingerprint == first.fingerprint
    list(first.label(["a text", "another one that is longer"]))
    card = json.loads((Path(teacher_folder) / "edgekd_teacher.json").read_text())
    assert card["fingerprint"] == first.fingerprint
    for change in ({"max_length": 20}, {"labels": ["flight", "weather"]}, {"slots": ["day", "city"]}):
        folder = tmp_path / next(iter(change))
        shutil.copytree(teacher_folder, folder)
        (folder / "edgekd_teacher.json").write_text(json.dumps({**card, **change}))
        assert load_teacher(folder).fingerprint != first.fingerprint
    folder = tmp_path / "tokenizer"
    shutil.copytree(teacher_folder, folder)
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace('"Lowercase"', '"NFC"'))
    assert load_teacher(folder).fingerprint != first.fingerprint


@pytest.mark.parametrize("damage", ["weights", "card", "tokenizer"])
def test_a_damaged_teacher_is_explained(teacher_folder, tmp_path, damage):
    folder = tmp_path / "teacher"
    shutil.copytree(teacher_folder, folder)
    name = {"weights": "model.safetensors", "card": "edgekd_teacher.json", "tokenizer": "tokenizer.json"}[
        damage
    ]
    (folder / name).write_bytes((folder / name).read_bytes()[:100])
    with pytest.raises(TeacherError):
        load_teacher(folder)


def test_pickled_weights_are_refused_with_the_way_out(encoder, tmp_path):
    folder = tmp_path / "pickled"
    shutil.copytree(encoder, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(TeacherError, match="save_pretrained"):
        load_encoder(str(folder))


def test_a_folder_without_weights_is_refused(encoder, tmp_path):
    folder = tmp_path / "empty"
    shutil.copytree(encoder, folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(TeacherError, match="holds no weights"):
        load_encoder(str(folder))


def test_a_folder_without_a_tokenizer_is_refused(toy, encoder, tmp_path):
    from edgekd.teachers.finetune import teach

    folder = tmp_path / "mute"
    shutil.copytree(encoder, folder)
    for path in folder.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(TeacherError, match="tokenizer"):
        teach(toy, str(folder), tmp_path / "out")
