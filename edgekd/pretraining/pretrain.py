"""From plain text and a teacher to a student that has read: the start of distillation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edgekd import __version__
from edgekd.distill.devices import all_devices
from edgekd.distill.intermediate import IntermediateLosses
from edgekd.distill.lengths import with_lengths
from edgekd.distill.run_folder import RunFolder
from edgekd.errors import DataError, RunError
from edgekd.files import read_json
from edgekd.pretraining.reader import Lessons, Reader, agreement, explained
from edgekd.pretraining.reading_set import ReadingSet
from edgekd.pretraining.word_loss import WordLoss
from edgekd.progress import Progress, silent
from edgekd.recipe import Pretraining, Shape, Transformer
from edgekd.students.network import build_for_states, fastest_products
from edgekd.students.pretrained import save_body
from edgekd.students.store import CARD
from edgekd.teachers import text_shards
from edgekd.teachers.guess_store import GuessStore
from edgekd.teachers.guesses import Guesser
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
    guesser: Guesser | None = None,
    shared: Path | None = None,
    inputs: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Let a student read the texts, and learn what the teachers make of each word.

    Each step keeps what it made in the folder: called again with the same arguments, it goes on where it was
    interrupted, and where it has finished it does nothing.

    Args:
        texts: plain text, a sentence or so each; each counts once. A hundredth is held out.
        teachers: the student gets a linear head for each of them, which is thrown away in the end.
        settings: the student and its training.
        out: the folder, with checkpoints, and in the end what `students.pretrained` reads.
        guesser: of hidden words, where `settings.words` asks for that.
        shared: the folder of what teachers make of texts, states/ and guesses/, where students share it; by
            default `out`. States are standardised by the texts of the first of them.
        inputs: how teachers and texts were named.
        progress: shows the teachers' and the student's reading.

    Returns:
        The card: what was read, the share of the variance of the states that the student tells, and the share
        of hidden words that it guesses as expected.

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
    config, vocabulary, first = settings.student, None, (*teachers, guesser)[0]
    if config.reads_pieces:
        vocabulary = trimmed(first.tokenizer, texts, config.pieces)
    config = with_lengths(config, texts, vocabulary)
    front_end = config.front_end(vocabulary)
    known = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    fingerprints = {"texts": known, "teachers": [teacher.fingerprint for teacher in teachers]}
    if guesser:
        fingerprints["guesses"] = guesser.fingerprint
    RunFolder(out).open(settings, {**(inputs or {}), "fingerprints": fingerprints})

    if (out / CARD).exists():
        return read_json(out / CARD, RunError)

    held_out, read = _split(texts)
    home = shared or out
    stores = [StateStore(home / "states" / teacher.fingerprint, teacher) for teacher in teachers]
    guesses = GuessStore(home / "guesses" / guesser.fingerprint, guesser) if guesser else None
    for store in (*stores, guesses) if guesses else stores:
        store.compute(read, progress)
        store.compute(held_out, progress)
    states_s = time.perf_counter() - begin

    def reading_set(some: Sequence[str], *, misspell: bool) -> ReadingSet:
        seed = settings.training.seed
        return ReadingSet(some, stores, front_end, misspell=misspell, seed=seed, guesses=guesses)

    together = _SHARDS_IN_MEMORY * text_shards.TEXTS_PER_SHARD
    parts = [read[start : start + together] for start in range(0, len(read), together)]
    misspell = settings.training.typing_noise > 0
    # The first of the stored layers are those whose states are told; losses on what is inside may use all.
    told = len(settings.layers)
    widths = [teacher.width // len(teacher.layers) * told for teacher in teachers if told]
    inside = bool(settings.intermediate or guesser)
    with all_devices().scope():
        keras.utils.set_random_seed(settings.training.seed)
        network = build_for_states(config, widths, with_states=inside)
        if isinstance(config, Transformer):
            start(network, inherited(first.encoder, first.tokenizer, config, vocabulary))
        trained = build_for_states(config, widths, products=fastest_products(), with_states=inside)
        trained.set_weights(network.get_weights())
        reader = Reader(
            trained,
            network,
            parts,
            lambda part: reading_set(part, misspell=misspell),
            settings,
            out / "training",
            lessons := _lessons(config, teachers, guesser, settings),
        )
        unseen = reading_set(held_out, misspell=False)

        def judged() -> dict[str, Any]:
            found: dict[str, Any] = {"explained": explained(network, unseen)} if told else {}
            if lessons.words:
                found["guessed"] = agreement(network, lessons.words, unseen, settings.hidden)
            return found

        report = reader.run(
            progress=progress,
            evaluate=lambda: {name: float(np.mean(value)) for name, value in judged().items()},
            description="the student reads",
        )
        figures = judged()

    card = {
        "edgekd": __version__,
        "texts": len(read),
        "passes": settings.training.epochs,
        "inputs": {**(inputs or {}), "fingerprints": fingerprints},
        **figures,
        "texts_per_second": report.texts_per_second,
        "tokens_per_second": report.tokens_per_second,
        "states_s": states_s,
        "wall_s": time.perf_counter() - begin,
    }
    save_body(out, network, config, card, vocabulary)
    return card


def _lessons(
    config: Shape, teachers: Sequence[StateTeacher], guesser: Guesser | None, settings: Pretraining
) -> Lessons:
    inside = None
    if settings.intermediate:
        (teacher,) = teachers
        inside = IntermediateLosses.between(
            settings.intermediate, config, teacher.encoder.config, teacher.layers
        )
    return Lessons(inside, WordLoss(config, guesser.count) if guesser else None)


def _split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Every so many-th text, and the others; in their order, so that texts added at the end move none."""
    step = max(round(1 / _HELD_OUT), -(-len(texts) // _MOST_HELD_OUT))
    return list(texts[::step]), [text for number, text in enumerate(texts) if number % step]
