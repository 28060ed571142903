"""The training loop of teachers: AdamW, linear warm-up and decay, bf16 where it pays, checkpoints."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from edgekd.errors import TeacherError
from edgekd.progress import Progress
from edgekd.teachers.checkpoint import Checkpoints, State
from edgekd.teachers.subwords import buckets

Precision = Literal["auto", "bf16", "float32"]


@dataclass(frozen=True)
class Schedule:
    """How one stage is trained.

    Attributes:
        epochs: passes over the data at most; the learning rate falls to zero at their end.
        batch_size: examples a step.
        learning_rate: the peak, reached after the share `warmup` of all steps.
        weight_decay: of matrices; biases and norms have none.
        patience: epochs without a better score before it stops; 0 never stops early.
        precision: "auto" measures bf16 against float32 on the first batches and takes the faster.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float = 0.1
    weight_decay: float = 0.01
    patience: int = 0
    precision: Precision = "auto"
    seed: int = 0


def run(
    model: nn.Module,
    lengths: Sequence[int],
    loss_of: Callable[[list[int]], torch.Tensor],
    evaluate: Callable[[float], dict[str, Any]],
    schedule: Schedule,
    checkpoints: Checkpoints,
    progress: Progress,
    description: str,
) -> State:
    """Train `model` in place, going on from the last checkpoint.

    Args:
        lengths: of each training example, for batches of about equal lengths.
        loss_of: from the indices of a batch to its loss.
        evaluate: from the epoch's mean training loss to what is kept in the history; its "score" is what
            early stopping and the choice of the best epoch look at.

    Returns:
        The final state; the model holds the weights of its best epoch.
    """
    state = checkpoints.state()
    optimizer = _adamw(model, schedule)
    if state.epoch:
        checkpoints.restore(state, model, optimizer)
    if state.bf16 is None:
        sample = next(buckets(lengths, schedule.batch_size, random.Random(schedule.seed)))
        state.bf16 = _bf16_pays(model, lambda: loss_of(sample), schedule.precision)
    steps = -(-len(lengths) // schedule.batch_size)
    steps_left = _epochs_left(state, schedule) * steps
    with progress(f"{description} to epoch {schedule.epochs}", steps_left) as advance:
        while _epochs_left(state, schedule):
            # Drawn by the seed and the number of the epoch alone, so a resumed run repeats nothing.
            torch.manual_seed(schedule.seed * 1_000_003 + state.epoch)
            order = random.Random(f"{schedule.seed} {state.epoch}")
            model.train()
            total = 0.0
            for index, batch in enumerate(buckets(lengths, schedule.batch_size, order)):
                rate = _rate(state.epoch * steps + index, schedule.epochs * steps, schedule)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                with _autocast(model, state.bf16):
                    loss = loss_of(batch)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
                total += loss.item() * len(batch)
                advance(1)
            if not total < float("inf"):
                raise TeacherError(
                    f"the training loss of epoch {state.epoch + 1} is not a number",
                    fix="choose a smaller --learning-rate",
                )
            model.eval()
            measured = evaluate(total / len(lengths))
            state.epoch += 1
            state.history.append(measured)
            if not state.best or measured["score"] > state.history[state.best - 1]["score"]:
                state.best = state.epoch
            checkpoints.save(state, model, optimizer)
    checkpoints.restore_best(state, model)
    model.eval()
    return state


def _epochs_left(state: State, schedule: Schedule) -> int:
    """At most: it may stop early."""
    stalled = schedule.patience and state.epoch - state.best >= schedule.patience
    return 0 if stalled else schedule.epochs - state.epoch


def _rate(step: int, steps: int, schedule: Schedule) -> float:
    warmup = max(1, round(schedule.warmup * steps))
    return schedule.learning_rate * min((step + 1) / warmup, (steps - step) / max(1, steps - warmup))


def _adamw(model: nn.Module, schedule: Schedule) -> torch.optim.AdamW:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": schedule.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.learning_rate, fused=True)


def _autocast(model: nn.Module, enabled: bool) -> AbstractContextManager[Any]:
    return torch.autocast(next(model.parameters()).device.type, torch.bfloat16, enabled=enabled)


def _bf16_pays(model: nn.Module, loss: Callable[[], torch.Tensor], precision: Precision) -> bool:
    """Whether a training step is faster in bf16; on hardware without it, it is emulated and far slower."""
    if precision != "auto":
        return precision == "bf16"

    def seconds(enabled: bool) -> float:
        best = float("inf")
        for _ in range(4):  # the first steps of a shape compile their kernels
            start = time.perf_counter()
            with _autocast(model, enabled):
                value = loss()
            value.backward()
            value.item()
            model.zero_grad()
            best = min(best, time.perf_counter() - start)
        return best

    return seconds(True) < seconds(False)
