"""`edgekd corpus`: write the small multilingual assistant corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekd.cli.options import split_list


def command(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder for train.jsonl, dev.jsonl, ...")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same corpus.")] = 0,
    languages: Annotated[str | None, typer.Option(help="Only these, by commas: en,de.")] = None,
    train: Annotated[int, typer.Option(min=1, help="Utterances of each language to train on.")] = 300,
    dev: Annotated[int, typer.Option(min=1, help="To choose by.")] = 70,
    test: Annotated[int, typer.Option(min=1, help="To test on.")] = 70,
    unlabelled: Annotated[int, typer.Option(min=0, help="Without labels, for a teacher to label.")] = 400,
) -> None:
    """Write a small multilingual assistant corpus with intents and slots, generated from grammars."""
    from edgekd.cli.console import console
    from edgekd.corpus.generate import Sizes, generate, write

    corpus = generate(seed, wanted=split_list(languages), sizes=Sizes(train, dev, test, unlabelled))
    write(corpus, out)
    for split, examples in corpus.items():
        console.print(f"{out / split}.jsonl: {len(examples):,} utterances", markup=False, soft_wrap=True)
