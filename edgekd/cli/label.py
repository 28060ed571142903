"""`edgekd label`: a teacher's soft labels of any texts, stored for `edgekd distill`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekd.cli import options


@options.reads_data
def command(
    teacher: Annotated[str, typer.Option(help="A teacher's folder or a model's name.")],
    out: Annotated[Path, typer.Option(help="The store. The same command again labels what it lacks.")],
    data: Annotated[str | None, typer.Option(help="Labelled data: the texts of every split.")] = None,
    texts: Annotated[list[str] | None, typer.Option(help="Plain text, one a line; may be repeated.")] = None,
    precision: Annotated[str, typer.Option(help=options.PRECISION)] = "auto",
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Use every machine of this Ray cluster: HOST:PORT of its head, or auto on a machine of it.",
        ),
    ] = None,
    *,
    reading: options.Reading,
) -> None:
    """Label texts with a teacher, once, on this machine or on many."""
    from edgekd.cli.console import console, progress
    from edgekd.errors import UsageError
    from edgekd.extras import require
    from edgekd.teachers.ensemble import spells_ensemble

    if spells_ensemble(teacher):
        raise UsageError(
            f"{teacher} is several teachers",
            expected="one, with a store of its own; `edgekd distill` mixes what they say",
        )
    if not data and not texts:
        raise UsageError("there is nothing to label", expected="--data DATA, --texts TEXTS, or both")
    splits = options.load(data, reading, hold_out=False).splits if data else {}
    wanted = [example.text for split in splits.values() for example in split]
    wanted += options.texts(texts or [])
    # What takes seconds to import comes after what may be wrong.
    for module in ("torch", "transformers", "pyarrow"):
        require(module, "teachers")
    if ray is not None:
        require("ray", "ray")
    from edgekd.teachers import load_teacher
    from edgekd.teachers.store import SoftLabelStore

    store = SoftLabelStore(out, load_teacher(teacher, precision))
    if ray is not None:
        from edgekd.teachers.cluster import label_on_cluster

        label_on_cluster(store, wanted, teacher, precision, ray, progress)
    stored = store.label(wanted, progress)
    console.print(f"soft labels: {out} ({len(stored):,} texts)", markup=False, soft_wrap=True)
