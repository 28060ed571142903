"""Translation models of transformers."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from edgekd.distill.augment.lexicon import for_language
from edgekd.errors import TeacherError
from edgekd.teachers.encoder import best_device
from edgekd.teachers.source import not_loaded, require_loadable
from edgekd.teachers.subwords import buckets
from edgekd.teachers.teacher import well_formed

_EXPECTED = "a folder or hub name of a model such as Marian, M2M-100, NLLB or mBART, in safetensors"

_BATCH = 32
_LONGEST = 256
_LONGER = 16  # sub-words that a translation may have beyond twice its text's


@dataclass(frozen=True)
class Translator:
    """Translates texts, as `translation.BackTranslation` wants it.

    Attributes:
        source: a folder or hub name of a model of many languages (M2M-100, NLLB, mBART), or a pattern of
            models of one direction, such as "Helsinki-NLP/opus-mt-{source}-{target}".
        codes: what the model calls a language of the data where that is another name: {"en": "eng_Latn"}.

    Raises, when called:
        TeacherError: there is no such model, only pickled weights, or it does not know a language.
    """

    source: str
    codes: Mapping[str, str] = field(default_factory=dict)

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        source, target = (
            for_language(self.codes, language) or language.replace("_", "-").split("-")[0]
            for language in (source, target)
        )
        name = self.source.replace("{source}", source).replace("{target}", target)
        tokenizer, network = _load(name)
        settings = {}
        if name == self.source:
            _number(tokenizer, source, name)
            tokenizer.src_lang = source
            settings["forced_bos_token_id"] = _number(tokenizer, target, name)
        results: dict[int, str] = {}
        for batch in buckets([len(text) for text in texts], _BATCH):
            encoded = tokenizer(
                [well_formed(texts[index]) for index in batch],
                padding=True,
                truncation=True,
                max_length=_LONGEST,
                return_tensors="pt",
            ).to(network.device)
            most = 2 * encoded["input_ids"].shape[1] + _LONGER
            made = network.generate(**encoded, **settings, max_new_tokens=most, num_beams=1, do_sample=False)
            decoded = tokenizer.batch_decode(made, skip_special_tokens=True)
            results |= dict(zip(batch, decoded, strict=True))
        return [results[index] for index in range(len(texts))]


@functools.lru_cache(maxsize=2)
def _load(name: str) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """The models of both directions stay loaded."""
    require_loadable(name, _EXPECTED)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        network = AutoModelForSeq2SeqLM.from_pretrained(name, use_safetensors=True, trust_remote_code=False)
    except Exception as error:  # transformers, safetensors and torch each raise errors of their own
        raise TeacherError(
            not_loaded(name, "a translation model", error),
            expected=_EXPECTED,
            fix="where it is the tokenizer that cannot be loaded: pip install 'edgekd[augment]'",
        ) from error
    return tokenizer, network.eval().to(best_device())


def _number(tokenizer: PreTrainedTokenizerBase, language: str, name: str) -> int:
    """The number of the sub-word that stands for a language; M2M-100 writes it with underscores."""
    for token in (language, f"__{language}__"):
        number = tokenizer.convert_tokens_to_ids(token)
        if number not in (None, tokenizer.unk_token_id):
            return number
    raise TeacherError(
        f"{name} does not know the language {language!r}",
        expected="one of its own codes",
        fix='name them with `codes`, such as {"en": "eng_Latn"} for NLLB',
    )
