from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from edgekd.errors import TeacherError, UsageError
from edgekd.teachers.state_store import SCORES
from edgekd.teachers.states import StateTeacher, load_parts, load_state_teacher

TEXTS = ["fly me to Paris today", "weather", "", "weather in กรุงเทพ on Monday"]


def test_the_states_are_the_encoders(encoder, monkeypatch):
    monkeypatch.setattr("edgekd.teachers.states.weights_for", lambda *_: torch.float32)
    model, tokenizer = AutoModel.from_pretrained(encoder).eval(), AutoTokenizer.from_pretrained(encoder)
    said = list(load_state_teacher(encoder, (0, -1)).states(TEXTS))
    for text, one in zip(TEXTS, said, strict=True):
        encoded = tokenizer(text, return_offsets_mapping=True, return_tensors="pt")
        offsets = encoded.pop("offset_mapping")[0].tolist()
        with torch.inference_mode():
            every = model(**encoded, output_hidden_states=True).hidden_states
        both = torch.cat([every[0], every[-1]], dim=-1)[0].numpy()
        assert one.states.shape == (len(one.units), 64)
        for (start, _), state in zip(one.units, one.states, strict=True):
            first = next(
                index
                for index, (a, b) in enumerate(offsets)
                if a < b and (a == start or text[a:start].strip() == "" and a <= start < b)
            )
            np.testing.assert_allclose(state, both[first], atol=1e-5)


@pytest.mark.parametrize("whole_words", [True, False])
def test_the_attention_is_the_encoders(encoder, monkeypatch, whole_words):
    monkeypatch.setattr("edgekd.teachers.states.weights_for", lambda *_: torch.float32)
    parts = load_parts(encoder)
    depth = parts[0].config.num_hidden_layers
    teacher = StateTeacher(*parts, (), attention=(depth,), whole_words=whole_words)
    text = "weather in Grönland tomorrow"
    encoded = parts[1](text, return_offsets_mapping=True, return_tensors="pt")
    offsets = encoded.pop("offset_mapping")[0].tolist()
    with torch.inference_mode():
        shares = parts[0](**encoded, output_attentions=True).attentions[depth - 1][0].numpy()
    (one,) = teacher.states([text])
    begins = [start + (text[start] == " ") for start, _ in offsets]
    chosen = [index for index, (_, end) in enumerate(offsets) if begins[index] < end]
    if whole_words:
        chosen = [begins.index(start, 1) for start in (0, 8, 11, 20)]
    assert one.units[:, 0].tolist() == [begins[index] for index in chosen]
    assert whole_words or len(chosen) > 4
    assert one.states.shape == (len(chosen), 0)
    # The shares among the units follow from the scores, as they do from the shares of all sub-words.
    said = np.exp(one.scores.astype(np.float64) * (SCORES / 127))
    said /= said.sum(axis=1, keepdims=True)
    expected = shares[:, chosen][:, :, chosen].transpose(1, 2, 0)
    np.testing.assert_allclose(said, expected / expected.sum(axis=1, keepdims=True), rtol=0.11)
    assert teacher.fingerprint != StateTeacher(*parts, (depth,)).fingerprint


def test_eight_digits_less_are_near_enough(encoder, monkeypatch):
    said = {}
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr("edgekd.teachers.states.weights_for", lambda *_, dtype=dtype: dtype)
        teacher = load_state_teacher(encoder, (-1,))
        said[dtype] = np.concatenate([one.states for one in teacher.states(TEXTS)])
    difference = said[torch.bfloat16] - said[torch.float32]
    assert 0 < np.square(difference).mean() < 1e-3 * said[torch.float32].var()


def test_a_taught_teachers_encoder_is_found(teacher_folder, encoder):
    teacher = load_state_teacher(teacher_folder, (-1,))
    assert teacher.width == 32
    assert teacher.fingerprint != load_state_teacher(encoder, (-1,)).fingerprint


def test_layers_are_part_of_the_fingerprint(encoder):
    assert load_state_teacher(encoder, (0,)).fingerprint != load_state_teacher(encoder, (1,)).fingerprint
    assert load_state_teacher(encoder, (-1,)).fingerprint == load_state_teacher(encoder, (1,)).fingerprint


@pytest.mark.parametrize("layers", [(2,), (-3,), ()])
def test_layers_that_are_not_there(encoder, layers):
    with pytest.raises(UsageError):
        load_state_teacher(encoder, layers)


def test_logits_have_no_states(tmp_path):
    with pytest.raises(TeacherError, match="hidden states"):
        load_state_teacher(str(tmp_path / "logits.parquet"), (-1,))
