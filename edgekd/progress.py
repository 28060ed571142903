"""How long work reports how far it is, without knowing whether anyone looks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

Advance = Callable[[int], None]
Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""`with progress(description, total) as advance: advance(n)`."""


@contextlib.contextmanager
def silent(description: str, total: int) -> Iterator[Advance]:
    """The Progress of nobody looking."""
    yield lambda steps: None
