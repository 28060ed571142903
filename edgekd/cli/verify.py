"""`edgekd verify`: is the bundle whole, and does it say here what it said where it was made?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    bundle: Annotated[Path, typer.Argument(help="A folder made by `edgekd export`.")],
    runtime: Annotated[
        str, typer.Option(help="litert, tflite-runtime, onnxruntime, or auto: every one that is installed.")
    ] = "auto",
) -> None:
    """Check every checksum of a bundle, and run its golden vectors.

    Needs numpy and one of LiteRT, tflite-runtime and ONNX Runtime; neither TensorFlow nor PyTorch.
    """
    from rich import box
    from rich.table import Table

    from edgekd.cli.console import console
    from edgekd.cli.native import without_native_stderr
    from edgekd.runtime.manifest import Manifest
    from edgekd.runtime.verify import verify

    with without_native_stderr():  # a delegate's greeting
        verified = verify(bundle, runtime)
    table = Table(box=box.SIMPLE)
    for column in ("file", "runtime", "texts", "same labels", "off by", "allowed"):
        left = column in ("file", "runtime")
        table.add_column(column, justify="left" if left else "right", no_wrap=" " not in column)
    for one in verified:
        table.add_row(
            one.file,
            f"{one.runtime.name} {one.runtime.version}",
            str(one.texts),
            str(one.stable),
            f"{one.largest_difference:.1e}",
            f"{one.tolerance:.1e}",
        )
    console.print(table)
    for file in Manifest.read(bundle).files.values():
        if file.path.name not in {one.file for one in verified}:
            console.print(f"{file.path.name}: not run, only its checksum is verified")
    console.print(f"verified: {bundle}", markup=False, soft_wrap=True)
