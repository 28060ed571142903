from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from edgekd.errors import TeacherError, UsageError
from edgekd.teachers.states import load_state_teacher

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
