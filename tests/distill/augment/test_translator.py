"""Tiny translation models with random weights: many languages in one, and one direction each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    NllbTokenizer,
)

from edgekd.distill.augment.translator import Translator, _load
from edgekd.errors import TeacherError

TEXTS = ["wake me at seven", "weck mich um sieben", "réveille moi", "play"] * 5
TINY = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "max_position_embeddings": 600,
}
CODES = {"en": "eng_Latn", "de": "deu_Latn"}


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> str:
    """One model of many languages, in the manner of NLLB."""
    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    learnt.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=120, special_tokens=special, show_progress=False)
    )
    model = json.loads(learnt.to_str())["model"]
    tokenizer = NllbTokenizer(vocab=model["vocab"], merges=[tuple(pair) for pair in model["merges"]])
    torch.manual_seed(0)
    config = M2M100Config(vocab_size=len(tokenizer), **TINY, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    folder = str(tmp_path_factory.mktemp("nllb"))
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_one_model_of_many_languages(many):
    made = Translator(many, CODES)(TEXTS, "en-US", "de")
    assert len(made) == len(TEXTS) and all(isinstance(text, str) and text for text in made)


def test_the_order_of_the_texts_is_kept(many, monkeypatch):
    network = _load(many)[1]
    monkeypatch.setattr(network, "generate", lambda **settings: settings["input_ids"])
    texts = [f"{'play ' * (number % 7)}me{' at' * (number % 3)}" for number in range(100)]
    assert Translator(many, CODES)(texts, "en", "de") == texts


def test_source_and_target_reach_the_model(many, monkeypatch):
    tokenizer, network = _load(many)
    seen = []
    generate = network.generate

    def watched(**settings):
        seen.append((settings["input_ids"][0, 0].item(), settings["forced_bos_token_id"]))
        return generate(**settings)

    monkeypatch.setattr(network, "generate", watched)
    Translator(many, CODES)(["play"], "de-AT", "en")
    assert seen == [tuple(tokenizer.convert_tokens_to_ids(["deu_Latn", "eng_Latn"]))]


def test_odd_texts_are_translated(many):
    texts = ["", " ", "\ud800", "👩\u200d👩\u200d👧", "x" * 10_000]
    assert len(Translator(many, CODES)(texts, "en", "de")) == len(texts)


def test_unknown_languages_are_named(many):
    for source, target in (("en", "tlh"), ("tlh", "en")):
        with pytest.raises(TeacherError, match="'tlh'"):
            Translator(many, CODES)(["play"], source, target)


def test_no_pickle_and_no_model(many, tmp_path):
    folder = Path(shutil.copytree(many, tmp_path / "pickled"))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(TeacherError, match="as a pickle only"):
        Translator(str(folder))(["play"], "en", "de")
    with pytest.raises(TeacherError, match="there is no folder .*none-en-de"):
        Translator(str(tmp_path / "none-{source}-{target}"))(["play"], "en", "de")


def test_a_model_for_each_direction(tmp_path):
    sentencepiece = pytest.importorskip("sentencepiece")
    folder = tmp_path / "opus-en-de"
    folder.mkdir()
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "texts.txt"),
        model_prefix=str(tmp_path / "spm"),
        vocab_size=40,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "spm.model"))
    known = [pieces.id_to_piece(number) for number in range(3, pieces.get_piece_size())]
    words = ["</s>", "<unk>", *known, "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    for side in ("source", "target"):
        shutil.copy(tmp_path / "spm.model", folder / f"{side}.spm")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "MarianTokenizer"}))
    last = len(words) - 1
    config = MarianConfig(
        vocab_size=len(words), **TINY, pad_token_id=last, eos_token_id=0, decoder_start_token_id=last
    )
    MarianMTModel(config).save_pretrained(folder)
    translate = Translator(str(tmp_path / "opus-{source}-{target}"))
    assert len(translate(["wake me", "play"], "en-US", "de-DE")) == 2
    with pytest.raises(TeacherError):
        translate(["weck mich"], "de", "en")
