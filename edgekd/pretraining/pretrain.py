"""From plain text and a teacher to a student that has read: the start of distillation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from edgekd import __version__
from edgekd.distill.devices import all_devices
from edgekd.distill.lengths import with_lengths
from edgekd.distill.run_folder import RunFolder
from edgekd.errors import DataError, RunError
from edgekd.files import read_json
from edgekd.pretraining.reader import Reader, explained
from edgekd.pretraining.reading_set import ReadingSet
from edgekd.progress import Progress, silent
from edgekd.recipe import Pretraining, Transformer
from edgekd.students.network import build_for_states, fastest_products
from edgekd.students.pretrained import CARD, save_body
from edgekd.teachers import state_store
from edgekd.teachers.inheritance import inherited, start
from edgekd.teachers.state_store import StateStore
from edgekd.teachers.states import StateTeacher
from edgekd.text.word_pieces import trimmed

_SHARDS_IN_MEMORY = 64
_HELD_OUT = 0.01
_MOST_HELD_OUT = 2000
_FEWEST = 50


def pretrain(
    texts: Sequence[str],
    teachers: Sequence[StateTeacher],
    settings: Pretraining,
    out: Path,
    *,
    inputs: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Let a student read the texts, and regress what the teachers make of each word.

    Each step keeps what it made in the folder: called again with the same arguments, it goes on where it was
    interrupted, and where it has finished it does nothing.

    Args:
        texts: plain text, a sentence or so each; each counts once. A hundredth is held out.
        teachers: the student gets a linear head for each of them, which is thrown away in the end.
        settings: the student and its training.
        out: the folder, with states/, checkpoints, and in the end what `students.pretrained` reads.
        inputs: how teachers and texts were named.
        progress: shows the teachers' and the student's reading.

    Returns:
        The card: what was read, and the share of the variance of the states that the student tells.

    Raises:
        DataError: there are next to no texts.
        RunError: the folder holds another run.
    """
    begin = time.perf_counter()
    texts = [text for text in dict.fromkeys(texts) if text.strip()]
    if len(texts) < _FEWEST:
        raise DataError(
            f"there are {len(texts)} texts to read",
            expected=f"{_FEWEST} at least, and better a hundred thousand",
        )
    config, vocabulary = settings.student, None
    if config.reads_pieces:
        vocabulary = trimmed(teachers[0].tokenizer, texts, config.pieces)
        config = config.model_copy(update={"pieces": len(vocabulary.pieces)})
    config = with_lengths(config, texts, vocabulary)
    front_end = config.front_end(vocabulary)
    known = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    fingerprints = {"texts": known, "teachers": [teacher.fingerprint for teacher in teachers]}
    RunFolder(out).open(settings, {**(inputs or {}), "fingerprints": fingerprints})

    if (out / CARD).exists():
        return read_json(out / CARD, RunError)

    held_out, read = _split(texts)
    stores = [StateStore(out / "states" / str(number), teacher) for number, teacher in enumerate(teachers)]
    for store in stores:
        store.compute(read, progress)
        store.compute(held_out, progress)
    states_s = time.perf_counter() - begin

    def reading_set(some: Sequence[str], *, misspell: bool) -> ReadingSet:
        seed = settings.training.seed
        return ReadingSet(some, stores, front_end, misspell=misspell, seed=seed)

    together = _SHARDS_IN_MEMORY * state_store.TEXTS_PER_SHARD
    parts = [read[start : start + together] for start in range(0, len(read), together)]
    misspell = settings.training.typing_noise > 0
    widths = [teacher.width for teacher in teachers]
    with all_devices().scope():
        keras.utils.set_random_seed(settings.training.seed)
        network = build_for_states(config, widths)
        if isinstance(config, Transformer):
            start(network, inherited(teachers[0].encoder, teachers[0].tokenizer, config, vocabulary))
        trained = build_for_states(config, widths, products=fastest_products())
        trained.set_weights(network.get_weights())
        reader = Reader(
            trained,
            network,
            parts,
            lambda part: reading_set(part, misspell=misspell),
            settings,
            out / "training",
        )
        unseen = reading_set(held_out, misspell=False)
        report = reader.run(
            progress=progress,
            evaluate=lambda: {"explained": sum(explained(network, unseen)) / len(teachers)},
            description="the student reads",
        )

    card = {
        "edgekd": __version__,
        "texts": len(read),
        "passes": settings.training.epochs,
        "inputs": {**(inputs or {}), "fingerprints": fingerprints},
        "explained": explained(network, unseen),
        "texts_per_second": report.texts_per_second,
        "states_s": states_s,
        "wall_s": time.perf_counter() - begin,
    }
    save_body(out, network, config, card, vocabulary)
    return card


def _split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Every so many-th text, and the others; in their order, so that texts added at the end move none."""
    step = max(round(1 / _HELD_OUT), -(-len(texts) // _MOST_HELD_OUT))
    return list(texts[::step]), [text for number, text in enumerate(texts) if number % step]
