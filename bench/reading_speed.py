"""How fast students read: tokens per second of pre-training, and what share of the machine's peak that is.

    python bench/reading_speed.py --teacher ENCODER --texts TEXTS [--limit 8000] [--student pqrnn-1m ...] \\
        [--json FILE]

Each student reads the texts three times, in a folder that is thrown away; the compilation of its graphs
counts, so give it texts enough. A token costs 6 operations for each weight of a matrix that it goes
through, forth and back (Kaplan et al., 2020, "Scaling Laws for Neural Language Models", section 2.1);
attention and all else count as nothing. The peak is what one product of two large matrices reaches on the
same cores in the same arithmetic.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from rich.console import Console
from rich.table import Table

from edgekd.bench.runner.machine import machine
from edgekd.cli import run
from edgekd.cli.console import progress
from edgekd.cli.options import texts as read_texts
from edgekd.files import write_json
from edgekd.pretraining.pretrain import pretrain
from edgekd.recipe import PRESETS, Pretraining, Shape, Training
from edgekd.students.network import build_for_states, fastest_products
from edgekd.teachers.states import StateTeacher, load_state_teacher

_PASSES = 3
_SIDE, _ROUNDS = 4096, 7


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--texts", required=True, action="append")
    parser.add_argument("--limit", type=int, default=8000)
    parser.add_argument("--student", action="append", choices=PRESETS)
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()
    on, peak = machine(), peak_operations(fastest_products())
    texts = read_texts(given.texts, given.limit)
    teacher = load_state_teacher(given.teacher, (-1,))
    columns = ("", "texts per second", "tokens per second", "of the peak")
    shown = Table(*columns, title=f"peak {peak / 1e9:,.0f} GFLOPS")
    found = {}
    for name in given.student or ("pqrnn-1m", "transformer-1m", "pieces-1m"):
        card = speed(PRESETS[name], teacher, texts)
        operations = 6 * matrix_weights(PRESETS[name], teacher) * card["tokens_per_second"]
        found[name] = {
            "texts_per_second": card["texts_per_second"],
            "tokens_per_second": card["tokens_per_second"],
            "share_of_peak": operations / peak,
        }
        figures = (f"{found[name][one]:,.0f}" for one in ("texts_per_second", "tokens_per_second"))
        shown.add_row(name, *figures, f"{found[name]['share_of_peak']:.1%}")
    Console(highlight=False).print(shown)
    if given.json:
        write_json(given.json, {"machine": on, "peak_flops": peak, "students": found})


def speed(student: Shape, teacher: StateTeacher, texts: list[str]) -> dict[str, float]:
    """The card of a short pre-training."""
    settings = Pretraining(student=student, training=Training(epochs=_PASSES))
    with tempfile.TemporaryDirectory() as folder:
        return pretrain(texts, [teacher], settings, Path(folder) / "read", progress=progress)


def matrix_weights(student: Shape, teacher: StateTeacher) -> int:
    """Weights that every token is multiplied with; embeddings are looked up."""
    config = student.model_copy(update={"max_tokens": 32, "max_chars": 128})
    network = build_for_states(config, [teacher.width])
    looked_up = ("embedding", "positions")
    return sum(
        weight.shape[0] * weight.shape[1]
        for layer in network.layers
        if not layer.name.startswith(looked_up)
        for weight in layer.trainable_variables
        if len(weight.shape) == 2
    )


def peak_operations(products: str) -> float:
    """Operations per second of a large product."""
    kind = tf.bfloat16 if "bfloat16" in products else tf.float32
    left, right = (tf.cast(tf.random.normal((_SIDE, _SIDE)), kind) for _ in range(2))
    seconds = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        tf.matmul(left, right)[0, 0].numpy()
        seconds.append(time.perf_counter() - begin)
    return 2 * _SIDE**3 / statistics.median(seconds)


if __name__ == "__main__":
    run(main)
