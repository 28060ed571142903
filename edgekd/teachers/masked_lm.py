"""Masked language models: any of transformers, and new ones that are trained here on plain text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerBase

from edgekd.errors import TeacherError
from edgekd.progress import Progress
from edgekd.teachers.checkpoint import Checkpoints, new_folder
from edgekd.teachers.encoder import best_device
from edgekd.teachers.loop import Schedule, run
from edgekd.teachers.source import not_loaded, require_loadable
from edgekd.teachers.subwords import encode, load_tokenizer, pad

_MASKED = 0.2  # of all sub-words; above BERT's 15 % for short texts, which have few to predict
_EXPECTED = "a folder or hub name of a masked language model, such as BERT or XLM-R, with its head"


def load_masked_lm(source: str, *, head: bool = True) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A masked language model in a folder or on the hub, from safetensors and without code of its own.

    Args:
        head: require that it has learnt to predict words; without, an encoder will do, with a head of random
            weights.

    Raises:
        TeacherError: there is no such model, only pickled weights, or it does not predict masked words.
    """
    require_loadable(source, _EXPECTED)
    try:
        network, loading = AutoModelForMaskedLM.from_pretrained(
            source, use_safetensors=True, trust_remote_code=False, output_loading_info=True
        )
    except Exception as error:  # transformers, safetensors and torch each raise errors of their own
        said = not_loaded(source, "a masked language model", error)
        raise TeacherError(said, expected=_EXPECTED) from error
    tokenizer = load_tokenizer(source)
    missing = {name for name in loading["missing_keys"] if head or name.startswith(network.base_model_prefix)}
    if missing or tokenizer.mask_token_id is None:
        lacking = "weights for predicting masked words" if missing else "mask token"
        raise TeacherError(f"{source} has no {lacking}", expected=_EXPECTED)
    return network.eval().to(best_device()), tokenizer


def logits_at(
    network: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor, chosen: torch.Tensor
) -> torch.Tensor:
    """Logits of the sub-words where `chosen` (texts, sub-words) is true, (chosen, vocabulary).

    The head is as large as the rest of a small model, so it sees those states alone.
    """

    def states_of_these(module: nn.Module, given: Any, output: Any) -> Any:
        output.last_hidden_state = output.last_hidden_state[chosen][None]
        return output

    hook = network.base_model.register_forward_hook(states_of_these)
    try:
        return network(input_ids=ids, attention_mask=mask).logits[0]
    finally:
        hook.remove()


def train_masked_lm(
    start: str,
    texts: Sequence[str],
    out: Path,
    *,
    max_length: int,
    schedule: Schedule,
    progress: Progress,
) -> None:
    """Train the encoder in `start` on `texts` and write it with head and tokenizer to the folder `out`.

    Of the chosen sub-words 80 % are masked, 10 % replaced by random ones, 10 % left (Devlin 2019, 3.1).
    """
    torch.manual_seed(schedule.seed)
    network, tokenizer = load_masked_lm(start, head=False)
    device = network.device
    rows = [one.ids for one in encode(tokenizer, texts, max_length)]
    special = torch.tensor(tokenizer.all_special_ids, device=device)

    def loss_of(batch: list[int]) -> torch.Tensor:
        ids, mask = (
            tensor.to(device) for tensor in pad([rows[index] for index in batch], tokenizer.pad_token_id)
        )
        drawn = torch.rand(ids.shape, device=device)
        chosen = (drawn < _MASKED) & ~torch.isin(ids, special)
        seen = ids.masked_fill(chosen & (drawn < 0.8 * _MASKED), tokenizer.mask_token_id)
        random = torch.randint(len(tokenizer), ids.shape, device=device)
        seen = torch.where(chosen & (drawn >= 0.9 * _MASKED), random, seen)
        # A sum, not a mean: a batch where nothing was chosen then has the loss zero, not an undefined one.
        logits = logits_at(network, seen, mask, chosen)
        return functional.cross_entropy(logits.float(), ids[chosen], reduction="sum") / max(1, len(logits))

    run(
        network,
        [len(row) for row in rows],
        loss_of,
        lambda loss: {"loss": loss, "score": -loss},
        schedule,
        Checkpoints(out.with_name(f"{out.name}-checkpoints")),
        progress,
        "pre-training",
    )
    with new_folder(out) as temporary:
        network.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
