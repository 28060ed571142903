"""What a host is asked to do, and the calls of tools that it takes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekd.errors import EdgekdError


class Unavailable(EdgekdError):
    """A host cannot be had on this machine."""


class HostError(EdgekdError):
    """A host did not do its job."""


@dataclass(frozen=True)
class Job:
    """A file to be run on texts.

    Attributes:
        file: TFLite or ONNX.
        signatures: name, code points and tokens of each, from short to long; none in an ONNX file.
        max_chars: code points of a text that are read.
        max_tokens: tokens that are answered for.
        texts: what `Texts.save` wrote.
        count: of them, from the first on.
        answers: folder for the parts.
        seconds: after which no further part is begun.
    """

    file: Path
    signatures: tuple[tuple[str, int, int], ...]
    max_chars: int
    max_tokens: int
    texts: Path
    count: int
    answers: Path
    seconds: float


def called(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
    """Run a command of a host to its end; raises HostError with what it said where it fails."""
    _call(command, HostError, env=env)


def installed(command: Sequence[str], *, cwd: Path | None = None) -> None:
    """The same for a command that installs a host, perhaps from the network; raises Unavailable."""
    _call(command, Unavailable, cwd=cwd)


def _call(
    command: Sequence[str],
    error: type[EdgekdError],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    done = subprocess.run(
        command, env=env, cwd=cwd, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-1000:]
        raise error(f"`{' '.join(command)}` ended with code {done.returncode}: {said}")
