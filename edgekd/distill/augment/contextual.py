"""Words swapped for those that a masked language model expects in their place."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter, some
from edgekd.distill.augment.changes import Change, changed, is_word, owners
from edgekd.teachers.encoder import most_subwords
from edgekd.teachers.masked_lm import load_masked_lm, logits_at
from edgekd.teachers.subwords import buckets, encode, pad, unit_ends
from edgekd.text.tokens import code_points
from edgekd.text.unicode import SINGLE, look_up

_TEXTS_AT_ONCE = 2048
_BATCH = 64
_LONGEST = 256


@dataclass(frozen=True)
class MaskedLM:
    """A masked language model, with the words that one of its sub-words can stand for.

    Attributes:
        words: by sub-word, the word it is by itself, if it is one.
        whole: the sub-words that are whole words between spaces, (n,).
        unspaced: those of scripts that write no spaces, (m,).
    """

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    words: dict[int, str]
    whole: torch.Tensor
    unspaced: torch.Tensor


@dataclass(frozen=True)
class Contextual(Augmenter):
    """Masks words, all of a text at once, and puts in one of the likeliest others, each as likely.

    The choice among the likeliest is that of TinyBERT (Jiao et al., 2020, algorithm 1). A masked word is one
    mask however many sub-words it has, and what comes in is a whole word, or a piece of text where a script
    writes no spaces.

    Attributes:
        model: from `load_model`.
        share: of the words that are masked, one at least.
        top: how many of the likeliest words there are to choose from.
        times: tries for each example.
    """

    model: MaskedLM
    share: float = 0.35
    top: int = 15
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        tries = [example for example in examples for _ in range(self.times)]
        for start in range(0, len(tries), _TEXTS_AT_ONCE):
            masked = list(_mask(tries[start : start + _TEXTS_AT_ONCE], self.model, self.share, rng))
            for one, likely in zip(masked, _likely(masked, self.model, self.top + 1), strict=True):
                changes = []
                for (begin, end), subwords in zip(one.places, likely, strict=True):
                    old = one.example.text[begin:end].casefold()
                    others = [self.model.words[number] for number in subwords]
                    others = [other for other in others if other.casefold() != old][: self.top]
                    if others:
                        changes.append(Change(begin, end, others[int(rng.integers(len(others)))]))
                yield changed(one.example, changes)


def load_model(source: str) -> MaskedLM:
    """The model in `source`; raises as `load_masked_lm`."""
    network, tokenizer = load_masked_lm(source)
    words, whole, unspaced = _words(tokenizer, network.config.vocab_size)
    numbers = functools.partial(torch.tensor, dtype=torch.int64, device=network.device)
    return MaskedLM(network, tokenizer, words, numbers(whole), numbers(unspaced))


def _words(tokenizer: PreTrainedTokenizerBase, count: int) -> tuple[dict[int, str], list[int], list[int]]:
    """Of the first `count` sub-words, those that are words, and the numbers of the whole and the unspaced.

    Whatever mark of a word's beginning the tokenizer uses, a sub-word is a whole word if that word after a
    space becomes this sub-word alone.
    """
    special = set(tokenizer.all_special_ids)
    words = {number: tokenizer.decode([number]).strip() for number in range(min(count, len(tokenizer)))}
    words = {number: word for number, word in words.items() if is_word(word) and number not in special}
    again = tokenizer([f" {word}" for word in words.values()], add_special_tokens=False)["input_ids"]
    unspaced = [number for number, word in words.items() if _is_unspaced(word)]
    whole = [number for number, ids in zip(words, again, strict=True) if ids == [number]]
    return words, sorted(set(whole).difference(unspaced)), unspaced


def _is_unspaced(word: str) -> bool:
    return bool((look_up(code_points(word))[1] == SINGLE).any())


@dataclass(frozen=True)
class _Masked:
    """An example with words masked: its sub-words, where the masks are among them and in the text."""

    example: Example
    ids: list[int]
    masks: list[int]
    places: list[tuple[int, int]]


def _mask(
    examples: Sequence[Example], model: MaskedLM, share: float, rng: np.random.Generator
) -> Iterator[_Masked]:
    tokenizer = model.tokenizer
    length = min(most_subwords(model.network.config), _LONGEST)
    every = encode(tokenizer, [example.text for example in examples], length)
    for example, encoded, ends in zip(examples, every, unit_ends(every, tokenizer), strict=True):
        owner = owners(example)
        found = [
            (int(start), int(end), first, last)
            for (start, end), first, last in zip(encoded.units, encoded.subwords.tolist(), ends, strict=True)
            if is_word(example.text[start:end]) and len(set(owner[start:end])) == 1
        ]
        if not found:
            continue
        ids, masks, places, done = [], [], [], 0
        for (start, end, first, last), taken in zip(found, some(len(found), share, rng), strict=True):
            if taken:
                ids += encoded.ids[done:first]
                masks.append(len(ids))
                ids.append(tokenizer.mask_token_id)
                places.append((start, end))
                done = last
        yield _Masked(example, ids + encoded.ids[done:], masks, places)


@torch.inference_mode()
def _likely(masked: Sequence[_Masked], model: MaskedLM, count: int) -> list[list[list[int]]]:
    """The likeliest sub-words that are words, for each mask of each text."""
    results: dict[int, list[list[int]]] = {}
    device = model.network.device
    for batch in buckets([len(one.ids) for one in masked], _BATCH):
        ids, mask = pad([masked[index].ids for index in batch], model.tokenizer.pad_token_id or 0)
        masks = torch.zeros(ids.shape, dtype=torch.bool)
        for row, index in enumerate(batch):
            masks[row, masked[index].masks] = True
        at_masks = logits_at(model.network, ids.to(device), mask.to(device), masks.to(device))
        whole, unspaced = (
            iter(allowed[at_masks[:, allowed].topk(min(count, len(allowed))).indices].tolist())
            for allowed in (model.whole, model.unspaced)
        )
        for index in batch:
            text = masked[index].example.text
            results[index] = [
                inside if _is_unspaced(text[start:end]) else between
                for (start, end), between, inside in zip(masked[index].places, whole, unspaced, strict=False)
            ]
    return [results[index] for index in range(len(masked))]
