"""The numbers that a teacher computes in."""

from __future__ import annotations

from typing import get_args

import torch

from edgekd.errors import UsageError
from edgekd.teachers.loop import Precision

PRECISIONS = get_args(Precision)


def weights_for(precision: str, device: torch.device) -> torch.dtype:
    """The type of a network's weights.

    Args:
        precision: "float32"; "bf16"; or "auto", which is bf16 where that is far faster: on a GPU that has it
            and on a processor with AMX. Elsewhere it is emulated or gains too little for the digits it costs.

    Raises:
        UsageError: it is none of these.
    """
    if precision not in PRECISIONS:
        raise UsageError(
            f"there is no precision {precision!r} for a teacher", expected=f"one of {', '.join(PRECISIONS)}"
        )
    fast = _fast_bf16(device) if precision == "auto" else precision == "bf16"
    return torch.bfloat16 if fast else torch.float32


def _fast_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))
