"""Training speed of the pQRNN student against bidirectional GRUs, alike in width, depth and batches.

    python bench/training_speed.py --data DATA [--student pqrnn-1m] [--batches 40] [--repeats 5] [--json FILE]

Both train behind the same bottleneck, with the same heads, optimizer and table of token features; only the
recurrent layers differ. Blocks of batches alternate between the two, and the medians over the blocks are
compared. The hashing, once for each distinct token, is timed apart.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from edgekd.bench.runner.machine import machine
from edgekd.cli import run
from edgekd.data import LabelSet
from edgekd.data.load import load_dataset
from edgekd.distill.lengths import with_lengths
from edgekd.distill.token_table import TokenTable
from edgekd.distill.train import Trainer
from edgekd.distill.training_set import TrainingSet
from edgekd.files import write_json
from edgekd.recipe import PQRNN, PRESETS, Recipe
from edgekd.students.heads import AttentionPooling, TagHead
from edgekd.students.student import Student


def gru_network(config: PQRNN, labels: LabelSet) -> keras.Model:
    """`students.network.build` with Keras's bidirectional GRUs for the QRNN layers."""
    features = keras.Input((None, config.token_features + config.ngram_features))
    mask = keras.Input((None,))
    on_tokens = keras.layers.Reshape((-1, 1))(mask)
    x = keras.layers.Dense(config.bottleneck)(features)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x, mask=mask))
    for _ in range(config.layers):
        x = keras.layers.Dropout(config.dropout)(x)
        x = keras.layers.Bidirectional(keras.layers.GRU(config.units, return_sequences=True))(x)
    pooled = AttentionPooling()(x, on_tokens)
    outputs = {}
    if labels.labels:
        outputs["label_logits"] = keras.layers.Dense(len(labels.labels))(pooled)
    if labels.slots:
        outputs["tag_logits"] = TagHead(len(labels.tags))(x, pooled)
    return keras.Model([features, mask], outputs)


class GRUStudent(Student):
    """A student that trains the network it was given."""

    def for_training(self, *, with_states: bool = False) -> keras.Model:
        return self.network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--student", default="pqrnn-1m", choices=PRESETS)
    parser.add_argument("--batches", type=int, default=40, help="batches a block")
    parser.add_argument("--repeats", type=int, default=5, help="blocks each")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()

    on = machine()
    dataset = load_dataset(arguments.data)
    train = dataset.splits["train"]
    recipe = Recipe(student=PRESETS[arguments.student])
    texts = [example.text for example in train]
    config = with_lengths(recipe.student, texts)
    begin = time.perf_counter()
    table = TokenTable(texts, config.front_end(), misspell=True, seed=1)
    hashing_s = time.perf_counter() - begin
    data = TrainingSet(train, [], table, dataset.task, dataset.labels, {})
    rng = np.random.default_rng(1)
    batches = list(data.batches(rng, recipe.training.batch_size, typing_noise=recipe.training.typing_noise))[
        : arguments.batches
    ]
    count = sum(len(batch.numbers) for batch in batches)

    steps = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("pqrnn", "bidirectional GRU"):
            student = Student.new(dataset.task, dataset.labels, dataset.languages, config, seed=1)
            if name != "pqrnn":
                student = GRUStudent(**{**vars(student), "network": gru_network(config, dataset.labels)})
            steps[name] = Trainer(student, data, recipe, Path(folder), with_teacher=False).step
    speeds: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(arguments.repeats + 1):
        for name, step in steps.items():
            begin = time.perf_counter()
            for batch in batches:
                float(step(batch)["loss"])
            if repeat:  # the first round traces the graphs
                speeds[name].append(count / (time.perf_counter() - begin))

    medians = {name: statistics.median(values) for name, values in speeds.items()}
    ratio = medians["pqrnn"] / medians["bidirectional GRU"]
    shown = Table(title=f"{dataset.name}, {arguments.student}, batches of {recipe.training.batch_size}")
    for column in ("", "utterances per second", "least", "most"):
        shown.add_column(column)
    for name, values in speeds.items():
        shown.add_row(name, *(f"{value:,.0f}" for value in (medians[name], min(values), max(values))))
    console = Console()
    console.print(shown)
    console.print(
        f"ratio of the medians: {ratio:.2f}; hashing {table.size:,} distinct tokens once: {hashing_s:.1f} s"
    )
    if arguments.json:
        found = {"utterances_per_second": speeds, "ratio_of_medians": ratio, "hashing_s": hashing_s}
        write_json(arguments.json, {"machine": on, "student": arguments.student, **found})


if __name__ == "__main__":
    run(main)
