"""`edgekd predict`: what a bundle says of a text."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgekd.runtime import Result


def command(
    bundle: Annotated[Path, typer.Argument(help="A folder made by `edgekd export`.")],
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="Without: one text a line, from stdin.")
    ] = None,
    runtime: Annotated[
        str, typer.Option(help="litert, tflite-runtime, onnxruntime, or auto: the first installed.")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Predict the label and the slots of texts.

    Needs numpy and one of LiteRT, tflite-runtime and ONNX Runtime; neither TensorFlow nor PyTorch.
    """
    from edgekd.cli.native import without_native_stderr
    from edgekd.runtime import Bundle

    with without_native_stderr():  # a delegate's greeting
        model = Bundle.load(bundle, runtime=runtime)
    sys.stdout.reconfigure(errors="backslashreplace")  # a lone surrogate has no UTF-8
    for text in texts or _lines():
        result = model.predict(text)
        print(
            json.dumps({"text": text, **result.to_dict()}, ensure_ascii=False)
            if as_json
            else _readable(text, result)
        )


def _lines() -> Iterator[str]:
    """The lines of stdin as they come; bytes that are not UTF-8 become U+FFFD."""
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    for line in sys.stdin:
        if line.strip():
            yield line.rstrip("\r\n")


def _readable(text: str, result: Result) -> str:
    lines = [text]
    for label, score in zip(result.labels, result.scores, strict=True):
        lines.append(f"  {label}  {score:.1%}")
    if result.out_of_scope:
        lines.append(f"  (out of scope: {result.out_of_scope_score:.1%})")
    width = max((len(slot.slot) for slot in result.slots), default=0)
    lines += [f"  {slot.slot:{width}}  {slot.text}" for slot in result.slots]
    if not result.labels and not result.slots:
        lines.append("  (no label and no slot)")
    if result.truncated:
        lines.append("  (longer than the model reads: the end was not seen)")
    return "\n".join(lines)
