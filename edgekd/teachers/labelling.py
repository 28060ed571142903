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


def soft_labels(
    network: nn.Module, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int
) -> Iterator[SoftLabels]:
    """Run a network in evaluation mode on texts, those of about equal length together; results in order.

    Args:
        network: from ids and mask to label logits and sub-word tag logits, like TeacherNetwork.
        max_length: sub-words of a text, special tokens included; the rest is cut.
    """
    encodings = (
        lambda some=texts[start : start + TEXTS_AT_ONCE]: encode(tokenizer, some, max_length)
        for start in range(0, len(texts), TEXTS_AT_ONCE)
    )
    for encoded in _ahead(encodings):
        yield from _label(network, encoded, tokenizer.pad_token_id or 0)


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
def _label(network: nn.Module, encoded: Sequence[Encoded], padding: int) -> list[SoftLabels]:
    device = next(network.parameters()).device
    results: dict[int, SoftLabels] = {}
    for batch in token_batches([len(one.ids) for one in encoded], _TOKENS):
        ids, mask = pad([encoded[index].ids for index in batch], padding)
        label_logits, tag_logits = (
            None if logits is None else logits.float().cpu().numpy()
            for logits in network(ids.to(device), mask.to(device))
        )
        for row, index in enumerate(batch):
            one = encoded[index]
            results[index] = SoftLabels(
                None if label_logits is None else label_logits[row].copy(),
                one.units if tag_logits is not None else np.zeros((0, 2), np.int32),
                None if tag_logits is None else tag_logits[row, one.subwords],
            )
    return [results[index] for index in range(len(encoded))]
