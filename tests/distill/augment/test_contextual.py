"""Masked words give way to the model's likeliest others, in their places."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

from edgekd.data import Example, Span
from edgekd.distill.augment.contextual import Contextual, MaskedLM, _mask, load_model
from edgekd.errors import TeacherError


@pytest.fixture(scope="module")
def model(masked_lm_folder) -> MaskedLM:
    return load_model(masked_lm_folder)


def made(augmenter: Contextual, *examples: Example, seed: int = 1) -> list[Example]:
    return list(augmenter(examples, np.random.default_rng(seed)))


def test_the_likeliest_word_comes_in_and_never_the_same_again(model):
    example = Example("london is fine", "en-GB", ("weather",), (Span(0, 6, "city"),))
    (other,) = made(Contextual(model, share=1.0, top=1), example)
    assert other == Example("paris london london", "en-GB", ("weather",), (Span(0, 5, "city"),))


def test_words_are_drawn_evenly_among_the_likeliest(model):
    drawn = Counter(example.text for example in made(Contextual(model, top=2, times=400), Example("fly")))
    assert set(drawn) == {"london", "paris"}
    assert 150 < drawn["paris"] < 250
    assert 10 < len({example.text for example in made(Contextual(model, times=400), Example("fly"))}) <= 15


def test_the_share_of_words_is_masked(model):
    examples = [Example("fly me to weather in weather on monday is cold")] * 300
    words = [example.text.split() for example in made(Contextual(model, share=0.35, top=1), *examples)]
    # One word is masked in any case, which adds a tenth of what is left.
    assert np.mean([word == "london" for text in words for word in text]) == pytest.approx(0.415, abs=0.03)


def test_spans_keep_the_words_they_had(model):
    text = "разбуди меня, в восемь and मुझे कल सुबह !"
    spans = (Span(8, 12, "who"), Span(14, 22, "time"), Span(27, 39, "फिर"))
    for example in made(Contextual(model, share=0.5, times=20), Example(text, "ru", spans=spans)):
        words = example.text.split()
        assert (len(words), words[1][-1], words[-1]) == (9, ",", "!")
        values = [example.text[span.start : span.end] for span in example.spans]
        assert values == [words[1][:-1], " ".join(words[2:4]), " ".join(words[5:8])]


def test_scripts_without_spaces_get_pieces_of_such_scripts(model):
    example = Example("fly ตั้งปลุก 明天", spans=(Span(4, 12, "thai"), Span(13, 15, "chinese")))
    for other in made(Contextual(model, share=1.0, top=2, times=20), example):
        first, *rest = other.text.split(" ")
        assert first.isascii() and len(rest) == 2
        assert all("\u0e00" <= character < "\u0e80" or character >= "\u4e00" for character in "".join(rest))
        assert [other.text[span.start : span.end] for span in other.spans] == rest


def test_a_word_that_a_span_cuts_stays(model):
    example = Example("flying to paris", spans=(Span(0, 3, "what"),))
    for other in made(Contextual(model, share=1.0, times=5), example):
        assert other.text.startswith("flying ") and other.spans == example.spans


def test_the_network_sees_one_mask_for_each_word(model):
    tokenizer = model.tokenizer
    (one,) = _mask([Example("fly, tomorrow morning אבג")], model, 1.0, np.random.default_rng(1))
    comma = tokenizer("fly,", add_special_tokens=False)["input_ids"][-1]
    mask = tokenizer.mask_token_id
    assert one.ids == [tokenizer.cls_token_id, mask, comma, mask, mask, mask, tokenizer.sep_token_id]
    assert one.masks == [1, 3, 4, 5]
    assert one.places == [(0, 3), (5, 13), (14, 21), (22, 25)]


ODD = [
    "",
    " ",
    "👩\u200d👩\u200d👧",
    "\ud83d",
    "a\udc00b",
    "\u0301\u0301",
    "[MASK] [SEP] fly",
    "?!",
    "x" * 10_000,
]


def test_any_text_passes(model):
    texts = [*ODD, "x" * 10_000, "fly " * 2500, "ก" * 10_000]
    others = made(Contextual(model), *(Example(text, "th") for text in texts))
    assert {example.text[-400:] for example in others} >= {("fly " * 100), "ก" * 400}
    assert all(example.language == "th" for example in others)


def test_the_same_generator_gives_the_same_texts_in_order(model):
    examples = [Example(text) for text in ("fly me to paris tomorrow morning", "cold", "me to weather")] * 40
    several = made(Contextual(model, top=1), *examples)
    assert several == made(Contextual(model, top=1), *examples)
    assert [len(example.text.split()) for example in several] == [6, 1, 3] * 40
    assert made(Contextual(model), *examples) != made(Contextual(model), *examples, seed=2)


def word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sentence_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


@pytest.mark.parametrize("kind", [word_piece, byte_level, sentence_piece])
def test_whole_words_are_told_from_pieces_in_every_kind_of_tokenizer(kind, tmp_path):
    tokenizer = kind()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = (trainers.WordPieceTrainer if kind is word_piece else trainers.BpeTrainer)(
        vocab_size=400, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(
        ["to sing and to ring and playing", "he sings rings", "go play 天气 play 7"] * 20, trainer
    )
    names = {f"{name[1:-1].lower()}_token": name for name in special}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(tmp_path)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
    )
    BertForMaskedLM(config).save_pretrained(tmp_path)
    model = load_model(str(tmp_path))
    whole = {model.words[number] for number in model.whole.tolist()}
    assert {"to", "sing", "ring", "play", "playing"} <= whole
    assert not {"ing", "天", "7", "##ing"} & whole
    (other,) = made(Contextual(model, share=1.0), Example("to sing, and play"))
    assert set(other.text.replace(",", "").split()) <= whole and other.text.split()[1][-1] == ","


def test_models_that_do_not_predict_words_are_refused(encoder_folder, masked_lm_folder, tmp_path):
    with pytest.raises(TeacherError, match="no weights for predicting masked words"):
        load_model(encoder_folder)
    with pytest.raises(TeacherError):
        load_model(str(tmp_path / "none"))
    folder = Path(shutil.copytree(masked_lm_folder, tmp_path / "pickled"))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(TeacherError, match="as a pickle only"):
        load_model(str(folder))
    folder = Path(shutil.copytree(masked_lm_folder, tmp_path / "damaged"))
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(TeacherError, match="cannot be loaded as a masked language model"):
        load_model(str(folder))
