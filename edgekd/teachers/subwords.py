"""Texts to sub-words with their units, through a fast tokenizer of transformers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from edgekd.errors import TeacherError
from edgekd.teachers.teacher import well_formed
from edgekd.teachers.units import units_of
from edgekd.text.tokens import tokenize_all

# The caller shows progress; transformers would draw bars of its own and report each head it leaves out.
transformers_logging.disable_progress_bar()
transformers_logging.set_verbosity_error()


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as a teacher sees it.

    Attributes:
        ids: the sub-words, special tokens included, cut to the teacher's length.
        units: int32 (units, 2), characters.
        subwords: int64 (units,), the sub-word at which each unit is tagged.
    """

    ids: list[int]
    units: NDArray[np.int32]
    subwords: NDArray[np.int64]


def load_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """The fast tokenizer in a folder or on the hub; its offsets are what ties sub-words to characters."""
    expected = "tokenizer.json, as `save_pretrained` of a transformers tokenizer writes it"
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except Exception as error:  # transformers and tokenizers raise whatever they like for a bad file
        raise TeacherError(
            f"{source} has no tokenizer that can be loaded: {first_line(error)}", expected=expected
        ) from error
    # Where there are no files, transformers makes a tokenizer of special tokens alone.
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise TeacherError(f"{source} has no tokenizer", expected=expected)
    if not tokenizer.is_fast:
        raise TeacherError(
            f"the tokenizer of {source} is a slow one, without character offsets",
            expected="a fast tokenizer (tokenizer.json)",
            fix="convert it with transformers' `convert_slow_tokenizer` and save it again",
        )
    return tokenizer


def encode(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int, *, whole_words: bool = True
) -> list[Encoded]:
    """Encode texts; any string is allowed.

    Args:
        max_length: sub-words, special tokens included; the rest is cut.
        whole_words: make units of whole tokens of edgekd; else each sub-word is one of its own.
    """
    texts = [well_formed(text) for text in texts]
    if not texts:
        return []
    # A sub-word stands for at most a few dozen characters, so a huge text can be cut before it is tokenized.
    shown = [text[: max_length * 64] for text in texts]
    encoded = tokenizer(shown, truncation=True, max_length=max_length, return_offsets_mapping=True)
    results = []
    # Where each sub-word is a token, no unit is larger.
    tokenized = tokenize_all(shown) if whole_words else map(_places, shown, encoded["offset_mapping"])
    for text, tokens, ids, offsets in zip(
        shown, tokenized, encoded["input_ids"], encoded["offset_mapping"], strict=True
    ):
        units = units_of(text, tokens, offsets)
        results.append(
            Encoded(
                ids,
                np.array([(unit.start, unit.end) for unit in units], np.int32).reshape(-1, 2),
                np.array([unit.subword for unit in units], np.int64),
            )
        )
    return results


def _places(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of the sub-words that stand for something, without the space before a word."""
    trimmed = ((start + len(text[start:end]) - len(text[start:end].lstrip()), end) for start, end in offsets)
    return sorted({(start, end) for start, end in trimmed if start < end})


def unit_ends(encoded: Sequence[Encoded], tokenizer: PreTrainedTokenizerBase) -> Iterator[list[int]]:
    """Of each text, for each unit the number of the sub-word after its last."""
    closing = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    for one in encoded:
        after = len(one.ids)
        while after and one.ids[after - 1] in closing:
            after -= 1
        yield [*one.subwords[1:].tolist(), after][: len(one.units)]


def pad(rows: Sequence[Sequence[int]], padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, int64 (rows, longest row)."""
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), padding, dtype=torch.int64)
    mask = torch.zeros((len(rows), longest), dtype=torch.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row, dtype=torch.int64)
        mask[index, : len(row)] = 1
    return ids, mask


def buckets(
    lengths: Sequence[int], batch_size: int, shuffle: random.Random | None = None
) -> Iterator[list[int]]:
    """Batches of indices of about equal lengths, so that little of a batch is padding.

    With `shuffle`, batches are drawn from random pools of 64 batches and come in random order; without, the
    longest come first, so that a batch too large for the memory fails at once.
    """
    order = list(range(len(lengths)))
    if shuffle is None:
        order.sort(key=lambda index: -lengths[index])
        yield from (order[start : start + batch_size] for start in range(0, len(order), batch_size))
        return
    shuffle.shuffle(order)
    batches = []
    for start in range(0, len(order), batch_size * 64):
        pool = sorted(order[start : start + batch_size * 64], key=lambda index: lengths[index])
        batches += [pool[first : first + batch_size] for first in range(0, len(pool), batch_size)]
    shuffle.shuffle(batches)
    yield from batches


def token_batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Batches of indices, the longest texts first, of at most so many sub-words with their padding (or of one
    text that is longer)."""
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    start = 0
    while start < len(order):
        after = start + max(1, tokens // max(1, lengths[order[start]]))
        yield order[start:after]
        start = after


def tokenizer_content(tokenizer: PreTrainedTokenizerBase) -> str:
    """What a tokenizer does, as JSON: without the padding and truncation that earlier calls left set."""
    content = json.loads(tokenizer.backend_tokenizer.to_str())
    content.pop("padding", None)
    content.pop("truncation", None)
    return json.dumps(content, sort_keys=True)


def first_line(error: BaseException) -> str:
    """The first line of an error of a library, whose messages run long."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
