"""Checkpoints of a training run: safetensors and JSON, whole at any moment."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import nn

from edgekd.errors import TeacherError
from edgekd.files import read_json, write_bytes, write_json

_STATE = "state.json"


@dataclass
class State:
    """How far a run is.

    Attributes:
        epoch: epochs done.
        history: what was measured after each of them.
        best: the epoch (from 1) whose weights are kept, 0 before there is one.
        bf16: whether bf16 was found to pay; None before it was measured.
    """

    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: int = 0
    bf16: bool | None = None


class Checkpoints:
    """The checkpoints of one run in one folder.

    The generators of random numbers need no saving: each epoch seeds them anew. The state file names the
    weights that belong to it and is written after them, so a run that is killed finds the last whole
    checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self) -> State:
        """The last saved state, or a new one."""
        path = self.folder / _STATE
        return State(**read_json(path, TeacherError)) if path.exists() else State()

    def save(self, state: State, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Keep the state after an epoch, and the model's weights apart where this epoch is the best."""
        tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        for parameter, moments in optimizer.state.items():
            for key, value in moments.items():
                tensors[f"optimizer.{key}.{names[id(parameter)]}"] = value
        self._write(self._last(state.epoch), tensors)
        if state.best == state.epoch:
            self._write(self._best(state.epoch), dict(model.state_dict()))
        write_json(self.folder / _STATE, vars(state))
        for path in self.folder.glob("*.safetensors"):
            if path not in (self._last(state.epoch), self._best(state.best)):
                path.unlink()

    def restore(self, state: State, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Put back what `save` kept, in place."""
        tensors = load_file(self._last(state.epoch))
        model.load_state_dict(
            {name[6:]: value for name, value in tensors.items() if name.startswith("model.")}
        )
        parameters = dict(model.named_parameters())
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, key, parameter = name.split(".", 2)
                # The fused AdamW wants its step counts on the parameter's device, as float32.
                optimizer.state[parameters[parameter]][key] = value.to(parameters[parameter].device)

    def restore_best(self, state: State, model: nn.Module) -> None:
        """Load the weights of the best epoch."""
        model.load_state_dict(load_file(self._best(state.best)))

    def _last(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch}.safetensors"

    def _best(self, epoch: int) -> Path:
        return self.folder / f"best-{epoch}.safetensors"

    def _write(self, path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
        # Copies, since tied weights are one tensor of several names, which safetensors refuses.
        write_bytes(path, save({name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}))


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` once it is whole; what was left half-made is removed."""
    temporary = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    yield temporary
    temporary.rename(path)
