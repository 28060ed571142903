"""A network over many texts: batches by their sub-words, and a thread that encodes what comes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from edgekd.teachers.subwords import Encoded, encode, pad, token_batches
from edgekd.teachers.teacher import TEXTS_AT_ONCE, SoftLabels

_TOKENS = 2048

_Result = TypeVar("_Result")

Run = Callable[[torch.Tensor, torch.Tensor, Sequence[Encoded]], Iterable[_Result]]
"""From the ids and the mask of a batch, int64 (texts, sub-words), and its texts to a result for each."""


def soft_labels(
    network: nn.Module, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int
) -> Iterator[SoftLabels]:
    """Run a network in evaluation mode on texts; results in order.

    Args:
        network: from ids and mask to label logits and sub-word tag logits, like TeacherNetwork.
        max_length: sub-words of a text, special tokens included; the rest is cut.
    """
    device = next(network.parameters()).device

    def label(ids: torch.Tensor, mask: torch.Tensor, encoded: Sequence[Encoded]) -> Iterator[SoftLabels]:
        label_logits, tag_logits = (
            None if logits is None else logits.float().cpu().numpy()
            for logits in network(ids.to(device), mask.to(device))
        )
        for row, one in enumerate(encoded):
            yield SoftLabels(
                None if label_logits is None else label_logits[row].copy(),
                one.units if tag_logits is not None else np.zeros((0, 2), np.int32),
                None if tag_logits is None else tag_logits[row, one.subwords],
            )

    return over_texts(label, tokenizer, texts, max_length)


def over_texts(
    run: Run[_Result],
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    max_length: int,
    *,
    whole_words: bool = True,
) -> Iterator[_Result]:
    """Run a network on texts, those of about equal length together; results in order.

    Args:
        run: given a batch, gives a result for each of its texts.
        max_length: sub-words of a text, special tokens included; the rest is cut.
        whole_words: see `subwords.encode`.
    """
    encodings = (
        lambda some=texts[start : start + TEXTS_AT_ONCE]: encode(
            tokenizer, some, max_length, whole_words=whole_words
        )
        for start in range(0, len(texts), TEXTS_AT_ONCE)
    )
    for encoded in _ahead(encodings):
        yield from _run(run, encoded, tokenizer.pad_token_id or 0)


def _ahead(calls: Iterable[Callable[[], _Result]]) -> Iterator[_Result]:
    """The results in order; a thread works on the next one while the caller has the last."""
    with ThreadPoolExecutor(1) as thread:
        coming: deque[Future[_Result]] = deque()
        for call in calls:
            coming.append(thread.submit(call))
            if len(coming) > 1:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


@torch.inference_mode()
def _run(run: Run[_Result], encoded: Sequence[Encoded], padding: int) -> list[_Result]:
    results: dict[int, _Result] = {}
    for batch in token_batches([len(one.ids) for one in encoded], _TOKENS):
        chosen = [encoded[index] for index in batch]
        ids, mask = pad([one.ids for one in chosen], padding)
        results.update(zip(batch, run(ids, mask, chosen), strict=True))
    return [results[index] for index in range(len(encoded))]
