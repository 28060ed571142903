"""The student against its peers: accuracy, size, latency and memory on the same texts.

    python -m bench.peers --data SNIPS --teacher TEACHER --bundle BUNDLE --encoder MINILM [--html FILE]

For several data sets in one run, give --data, --teacher and --bundle several times. Peers are trained on the
train split and judged on dev; what is made is kept under --work, and the first run takes some minutes for
each data set. All contenders of a data set run in turns in one process, with one thread (the rules:
edgekd/bench/runner/measure.py).
"""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import sys
import warnings
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rich import box
from rich.console import Console
from rich.table import Column, Table

from bench.peers.markdown import as_markdown
from bench.peers.page import render
from bench.peers.sources import Sources
from bench.peers.standing import standing
from bench.peers.suite import BUILDERS, chosen, compare
from bench.peers.tables import HEADER, details, rows, title
from edgekd.bench.run import pick_split
from edgekd.bench.runner.machine import machine
from edgekd.bench.runner.measure import Rules
from edgekd.bench.verdict import NOISY
from edgekd.cli import run
from edgekd.cli.console import progress
from edgekd.data.load import load_dataset, read_texts
from edgekd.errors import UsageError
from edgekd.files import write_json, write_text

_WIDTH = 170


def main() -> None:
    """Make the peers, measure, write."""
    given = _parser().parse_args()
    keys = chosen(given.only)
    if not len(given.data) == len(given.teacher) == len(given.bundle):
        raise UsageError(
            f"{len(given.data)} --data, {len(given.teacher)} --teacher and {len(given.bundle)} --bundle",
            expected="a teacher and a bundle for each data set, in the same order",
        )
    _quiet()
    on = machine()
    texts = tuple(text for text, _ in read_texts(given.texts)) if given.texts else ()
    rules = Rules(min_seconds=given.seconds)
    found = {
        "machine": on,
        "threads": 1,
        "command": shlex.join(["python", "-m", "bench.peers", *sys.argv[1:]]),
        "data_sets": [],
    }
    for data, teacher, bundle in zip(given.data, given.teacher, given.bundle, strict=True):
        dataset = load_dataset(data)
        split, _ = pick_split(dataset, given.split)
        sources = Sources(dataset, split, bundle, teacher, given.encoder, texts, given.work)
        found["data_sets"].append(compare(sources, keys, rules, progress))
        # After each, so that an interruption loses one at most.
        _write(found, given)
        _print(found["data_sets"][-1])


def _write(found: dict, given: argparse.Namespace) -> None:
    if given.json:
        write_json(given.json, found)
    if given.markdown:
        write_text(given.markdown, as_markdown(found))
    if given.html:
        write_text(given.html, render(found))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    several = {"required": True, "action": "append"}
    parser.add_argument("--data", **several, help="labelled data with a train split, as for edgekd bench")
    parser.add_argument("--teacher", **several, type=Path, help="folder that edgekd teach wrote")
    parser.add_argument("--bundle", **several, type=Path, help="folder that edgekd export wrote")
    parser.add_argument(
        "--encoder", required=True, type=Path, help="folder of a transformers encoder with tokenizer.json"
    )
    parser.add_argument("--texts", help="plain text for the word pieces of the mBERT-shaped encoder")
    parser.add_argument("--split", help="on which all are judged and timed; default: dev")
    parser.add_argument("--only", help=f"some of {','.join(BUILDERS)}; the student always takes part")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each contender, at least")
    parser.add_argument("--work", type=Path, default=Path("build/peers"), help="for what is made")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--markdown", type=Path, help="file for the tables")
    parser.add_argument("--html", type=Path, help="file for the page")
    return parser


def _quiet() -> None:
    """Keep the advice of exporters and quantizers to themselves, which nobody here can follow."""
    logging.getLogger().setLevel(logging.ERROR)
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")


def _print(found: dict) -> None:
    table = Table(*(Column(name, no_wrap=True) for name in HEADER), title=title(found), box=box.SIMPLE)
    for row in rows(found):
        table.add_row(*row)
    # Wider than some terminals: a long line is easier to read than names broken into pieces.
    console = Console(highlight=False, width=max(Console().width, _WIDTH))
    console.print(table)
    for sentence in standing(found):
        console.print(sentence, markup=False, soft_wrap=True)
    if found["noise"]["noisy"]:
        console.print(f"{NOISY}.")
    for name, what in details(found):
        console.print(f"{name}: {what}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
