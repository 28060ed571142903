"""A tiny masked language model."""

from __future__ import annotations

import pytest

MASKED_TEXTS = [
    "fly me to paris tomorrow morning",
    "the weather in london on monday is cold",
    "разбуди меня завтра утром в восемь",
    "मुझे कल सुबह आठ बजे जगाओ",
    "ตั้งปลุกพรุ่งนี้เช้า",
    "明天早上叫我起床",
] * 20


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory) -> str:
    """An encoder with random weights that does not predict words."""
    from edgekd.teachers.fresh import Size, new_encoder

    folder = tmp_path_factory.mktemp("encoder") / "bert"
    new_encoder(Size(32, 1, 2, 600), MASKED_TEXTS, folder, max_length=48, seed=0)
    return str(folder)


@pytest.fixture(scope="session")
def masked_lm_folder(encoder_folder, tmp_path_factory) -> str:
    """The same with weights for predicting words too: "london" is likeliest anywhere, and then "paris"."""
    import torch
    from transformers import RoFormerForMaskedLM

    from edgekd.teachers.subwords import load_tokenizer

    folder = str(tmp_path_factory.mktemp("masked"))
    tokenizer = load_tokenizer(encoder_folder)
    network = RoFormerForMaskedLM.from_pretrained(encoder_folder)
    with torch.no_grad():
        for height, word in ((60, "london"), (40, "paris")):
            (number,) = tokenizer(word, add_special_tokens=False)["input_ids"]
            network.get_output_embeddings().bias[number] = height
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
