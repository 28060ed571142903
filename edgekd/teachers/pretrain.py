"""Masked-language-model training of an encoder on plain text, before it is fine-tuned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from edgekd.progress import Progress
from edgekd.teachers.checkpoint import Checkpoints, new_folder
from edgekd.teachers.encoder import best_device, load_encoder
from edgekd.teachers.loop import Schedule, run
from edgekd.teachers.subwords import encode, load_tokenizer, pad

_MASKED = 0.2  # of all sub-words; above BERT's 15 % for short texts, which have few to predict


class MaskedWords(nn.Module):
    """Predicts the sub-words that were masked, through the encoder's own input embeddings."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder
        words, width = encoder.get_input_embeddings().weight.shape
        self.transform = nn.Sequential(
            nn.Linear(encoder.config.hidden_size, width), nn.GELU(), nn.LayerNorm(width)
        )
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """Logits of the sub-words where `chosen` (batch, sub-words) is true, as (chosen, vocabulary)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state[chosen]
        return functional.linear(
            self.transform(states), self.encoder.get_input_embeddings().weight, self.bias
        )


def pretrain(
    start: str,
    texts: Sequence[str],
    out: Path,
    *,
    max_length: int,
    schedule: Schedule,
    progress: Progress,
) -> None:
    """Train the encoder in `start` on `texts` and write it with its tokenizer to the folder `out`.

    Of the chosen sub-words 80 % are masked, 10 % replaced by random ones, 10 % left (Devlin 2019, 3.1).
    """
    tokenizer = load_tokenizer(start)
    torch.manual_seed(schedule.seed)
    model = MaskedWords(load_encoder(start)).to(best_device())
    device = best_device()
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
        logits = model(seen, mask, chosen)
        return functional.cross_entropy(logits.float(), ids[chosen], reduction="sum") / max(1, len(logits))

    run(
        model,
        [len(row) for row in rows],
        loss_of,
        lambda loss: {"loss": loss, "score": -loss},
        schedule,
        Checkpoints(out.with_name(f"{out.name}-checkpoints")),
        progress,
        "pre-training",
    )
    with new_folder(out) as temporary:
        model.encoder.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
