"""Which signature of a TFLite file a text takes."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.runtime.backends import RUNTIMES, open_backend
from edgekd.runtime.manifest import Manifest, Signature


def signatures_of(manifest: Manifest, texts: Sequence[str]) -> list[Signature]:
    """The smallest signature that holds each text; the longest for longer ones.

    The file itself counts the tokens, whatever its text front end.
    """
    backend = open_backend(RUNTIMES["litert"], manifest, threads=1)
    every, found = manifest.files["tflite"].signatures, []
    for text in texts:
        tokens = backend.run(text).token_count
        fitting = (one for one in every if len(text) <= one.chars and tokens <= one.tokens)
        found.append(next(fitting, every[-1]))
    return found
