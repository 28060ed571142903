"""How fast a teacher labels texts, and how far the labels of each precision are from those of a plain loop.

    python bench/labelling.py --teacher TEACHER --data DATA [--languages en-US] [--texts 1000] [--repeats 5]

The plain loop is what one writes first: 32 texts at a time in the given order, padded to the longest, in
float32. It and the way of `edgekd label`, in each precision, take turns. The medians are compared, of the
time that went by and of the processors' time, which other work on the machine disturbs less. The differences
are those of the logits of the label, and of the tags at the first sub-word of each unit.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from edgekd.bench.runner.machine import machine
from edgekd.bench.runner.noise import Others
from edgekd.cli import run
from edgekd.cli.options import split_list
from edgekd.data.load import load_dataset
from edgekd.errors import UsageError
from edgekd.files import write_json
from edgekd.teachers import SoftLabels, load_teacher
from edgekd.teachers.encoder import NetworkTeacher
from edgekd.teachers.subwords import encode

_BATCH = 32


@torch.inference_mode()
def plain_loop(
    teacher: NetworkTeacher, texts: Sequence[str]
) -> list[tuple[np.ndarray | None, np.ndarray | None]]:
    """Logits (labels,) and (sub-words, tags) of each text."""
    device = next(teacher.network.parameters()).device
    found = []
    for start in range(0, len(texts), _BATCH):
        some = texts[start : start + _BATCH]
        batch = teacher.tokenizer(
            some, padding=True, truncation=True, max_length=teacher.max_length, return_tensors="pt"
        ).to(device)
        outputs = teacher.network(batch["input_ids"], batch["attention_mask"])
        arrays = [[None] * len(some) if one is None else list(one.cpu().numpy()) for one in outputs]
        found += zip(*arrays, strict=True)
    return found


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--languages", help="keep only these, by commas")
    parser.add_argument("--texts", type=int, default=1000, help="the first so many of train")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()

    on = machine()
    dataset = load_dataset(given.data, languages=split_list(given.languages))
    texts = [example.text for example in dataset.splits["train"]][: given.texts]
    teachers = {precision: load_teacher(given.teacher, precision) for precision in ("float32", "bf16")}
    exact = teachers["float32"]
    if not isinstance(exact, NetworkTeacher):
        raise UsageError(f"{given.teacher} is not one network", expected="a fine-tuned encoder")
    ways: dict[str, Callable[[], list[Any]]] = {
        "plain loop": lambda: plain_loop(exact, texts),
        **{name: lambda one=one: list(one.label(texts)) for name, one in teachers.items()},
    }
    said = {name: way() for name, way in ways.items()}  # the first round makes kernels, and is not timed
    clocks = {"second": time.perf_counter, "processor second": time.process_time}
    rates: dict[str, dict[str, list[float]]] = {clock: {name: [] for name in ways} for clock in clocks}
    others = Others()
    for _ in range(given.repeats):
        for name, way in ways.items():
            begin = {clock: read() for clock, read in clocks.items()}
            way()
            for clock, read in clocks.items():
                rates[clock][name].append(len(texts) / (read() - begin[clock]))
    taken = others.share()

    subwords = [one.subwords for one in encode(exact.tokenizer, texts, exact.max_length)]
    wanted = [
        SoftLabels(label, one.units, None if tags is None else tags[rows])
        for (label, tags), one, rows in zip(said.pop("plain loop"), said["float32"], subwords, strict=True)
    ]
    distances = {name: distance(wanted, found) for name, found in said.items()}
    ratios = {clock: _ratios(of) for clock, of in rates.items()}
    _show(f"{dataset.name}, {len(texts):,} texts, {given.repeats} rounds", rates, ratios, distances, taken)
    if given.json:
        found = {"texts_per": rates, "ratio_of_medians": ratios, "distance": distances}
        write_json(given.json, {"machine": on, "taken_by_others": taken, "data": dataset.name, **found})


def distance(wanted: Sequence[SoftLabels], found: Sequence[SoftLabels]) -> dict[str, dict[str, float]]:
    """Of label logits and of tag logits: largest and mean difference, and the share with the same winner."""
    measured = {}
    for name in ("logits", "tag_logits"):
        pairs = [(getattr(a, name), getattr(b, name)) for a, b in zip(wanted, found, strict=True)]
        if pairs[0][0] is None:
            continue
        one, other = (
            np.concatenate([np.atleast_2d(rows) for rows in side]) for side in zip(*pairs, strict=True)
        )
        difference = np.abs(one - other)
        same = one.argmax(axis=1) == other.argmax(axis=1)
        measured[name] = {
            "largest": float(difference.max()),
            "mean": float(difference.mean()),
            "same_winner": float(same.mean()),
        }
    return measured


def _ratios(rates: dict[str, list[float]]) -> dict[str, float]:
    """How many times faster than the plain loop each way is."""
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {name: median / medians["plain loop"] for name, median in medians.items()}


def _show(
    title: str,
    rates: dict[str, dict[str, list[float]]],
    ratios: dict[str, dict[str, float]],
    distances: dict[str, dict[str, dict[str, float]]],
    taken: float | None,
) -> None:
    console = Console(highlight=False)
    table = Table("texts per", "", "median", "least", "most", "times the plain loop", title=title)
    for clock, of in rates.items():
        for name, values in of.items():
            shown = (f"{value:,.0f}" for value in (statistics.median(values), min(values), max(values)))
            table.add_row(clock, name, *shown, f"{ratios[clock][name]:.2f}")
    console.print(table)
    table = Table("", "of", "largest difference", "mean", "same winner", title="from the plain loop")
    for name, of in distances.items():
        for what, figures in of.items():
            differences = (f"{figures[key]:.5f}" for key in ("largest", "mean"))
            table.add_row(name, what, *differences, f"{figures['same_winner']:.3%}")
    console.print(table)
    if taken is not None:
        console.print(f"other processes took {taken:.0%} of the processors meanwhile")


if __name__ == "__main__":
    run(main)
