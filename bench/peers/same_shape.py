"""Students in the shapes of encoders that are among the peers, with random weights and their text front ends.

What they cost beside those encoders in ONNX Runtime is what the front end in the graph and the file of
builtin ops cost or save: the layers are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.peers.encoders import SHAPES
from bench.peers.peer import Peer
from bench.peers.sources import Sources
from edgekd.distill.lengths import with_lengths
from edgekd.export.bundle import export
from edgekd.extras import require
from edgekd.quantize.schemes import scheme
from edgekd.recipe import Transformer
from edgekd.students.student import Student
from edgekd.teachers.teacher import well_formed
from edgekd.text.word_pieces import CONTINUES, Vocabulary

_PIECES = 4000
_FILE, _MANIFEST = "model.tflite", "edgekd.json"

KEYS = {
    f"{front}-{shape}": (front, shape)
    for front in ("projection", "pieces")
    for shape in ("bert-tiny", "tinybert")
}
"""Front end and shape, by the key of the peer."""


def builder(key: str) -> Callable[[Sources], Peer]:
    """What builds the student of that key."""
    return lambda sources: build(sources, key)


def build(sources: Sources, key: str) -> Peer:
    """Make the student and export it in 8 bits."""
    front, name = KEYS[key]
    shape = SHAPES[name]
    config = Transformer(
        front="projection" if front == "projection" else "word_pieces",
        width=shape.config["hidden_size"],
        layers=shape.config["num_hidden_layers"],
        heads=shape.config["num_attention_heads"],
        feed_forward=shape.config["intermediate_size"],
        positions="learned",
    )

    def make(folder: Path) -> None:
        train = [one.text for one in sources.train]
        vocabulary = _vocabulary([*train, *sources.texts]) if config.reads_pieces else None
        fitted = with_lengths(config, train, vocabulary)
        dataset = sources.dataset
        about = (dataset.task, dataset.labels, dataset.languages, fitted)
        Student.new(*about, seed=0, vocabulary=vocabulary).save(folder / "run")
        export(folder / "run", folder / "bundle", {"tflite": scheme("int8")})

    folder = sources.keep(key, {"student": config.model_dump(mode="json"), "pieces": _PIECES}, make)
    return Peer(
        key,
        f"{shape.name}-shaped student, {front}",
        f"random weights in the shape of {shape.name} behind the {front} front end in the graph; LiteRT",
        "bench.peers.student",
        folder / "bundle",
        (_FILE, _MANIFEST),
        {"runtime": "litert"},
        trained=False,
        slots=sources.dataset.task.has_slots,
    )


def _vocabulary(texts: list[str]) -> Vocabulary:
    """Word pieces learnt from the texts."""
    tokenizer = require("tokenizers", "teachers").BertWordPieceTokenizer(lowercase=True)
    learning = {"vocab_size": _PIECES, "special_tokens": [], "wordpieces_prefix": CONTINUES}
    tokenizer.train_from_iterator(map(well_formed, texts), show_progress=False, **learning)
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return Vocabulary(tuple(piece for piece, _ in pieces), lower_case=True)
