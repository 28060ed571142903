"""What libraries in C++ write to the terminal past Python."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterable, Iterator

from edgekd.extras import require


@contextlib.contextmanager
def without_native_stderr() -> Iterator[None]:
    """Send file descriptor 2 nowhere for a moment; Python's own errors still come out, as exceptions."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def require_quietly(modules: Iterable[str], extra: str) -> None:
    """`require` each module, without what TensorFlow and its kin print when they are imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for logger in (None, "tensorflow", "absl"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    with without_native_stderr():
        for module in modules:
            require(module, extra)
