"""Encoders known by their shapes, with random weights: what they cost is real, what they say means nothing.

They do the work of a student: text in, the number of the best label and of each sub-word's best tag out.
Slots are not made of the tags, which would cost more for random ones than for learnt ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers.onnx_file import FLOAT, INT8, OnnxFile, export_encoder
from bench.peers.peer import Peer, Predict
from bench.peers.sources import Sources
from edgekd.data.examples import Prediction
from edgekd.extras import require
from edgekd.files import sha256
from edgekd.teachers.teacher import well_formed

TOKENIZER = "tokenizer.json"
_MULTILINGUAL = 119_547
_MOST_SUBWORDS = 64


@dataclass(frozen=True)
class Shape:
    """An architecture.

    Attributes:
        key, name: as for a Peer.
        model: class of transformers.
        config: what differs from that class's own configuration.
        source: where the figures are from.
    """

    key: str
    name: str
    model: str
    config: dict[str, Any]
    source: str


def _bert(layers: int, width: int, inner: int, heads: int) -> dict[str, Any]:
    return {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads,
    }


SHAPES = {
    shape.key: shape
    for shape in (
        Shape("distilbert", "DistilBERT", "DistilBert", {}, "Sanh et al. 2019"),
        Shape("minilm", "MiniLM-L6", "Bert", _bert(6, 384, 1536, 12), "Wang et al. 2020"),
        Shape("tinybert", "TinyBERT-4", "Bert", _bert(4, 312, 1200, 12), "Jiao et al. 2020"),
        Shape(
            "mobilebert",
            "MobileBERT-tiny",
            "MobileBert",
            {"use_bottleneck_attention": True, "num_feedforward_networks": 2},
            "Sun et al. 2020",
        ),
        Shape("bert-tiny", "BERT-tiny", "Bert", _bert(2, 128, 512, 2), "Turc et al. 2019"),
        Shape("mbert", "mBERT", "Bert", {"vocab_size": _MULTILINGUAL}, "Devlin et al. 2019"),
    )
}


def builder(key: str) -> Callable[[Sources], Peer]:
    """What builds the shape of that key."""
    return lambda sources: build(sources, SHAPES[key])


def build(sources: Sources, shape: Shape) -> Peer:
    """Make an encoder and its heads, export them, quantize them.

    The word pieces are those of `sources.encoder`, and their number the rows of the embedding; for mBERT's,
    which has the rows of the original, they are trained on all texts at hand.
    """
    own_pieces = "vocab_size" in shape.config
    settings = {
        "shape": shape.config,
        "texts": len(sources.texts) if own_pieces else 0,
        "tokenizer": "" if own_pieces else sha256(sources.encoder / TOKENIZER),
    }

    def make(folder: Path) -> None:
        if own_pieces:
            corpus = [one.text for examples in sources.dataset.splits.values() for one in examples]
            _train_pieces([*corpus, *sources.texts], shape.config["vocab_size"], folder / TOKENIZER)
        else:
            (folder / TOKENIZER).write_bytes((sources.encoder / TOKENIZER).read_bytes())
        _export(shape, sources, folder)

    folder = sources.keep(shape.key, settings, make)
    return Peer(
        shape.key,
        f"{shape.name}-shaped, int8",
        f"random weights in the shape of {shape.name} ({shape.source}); ONNX Runtime",
        __name__,
        folder,
        (INT8, TOKENIZER),
        trained=False,
        slots=sources.dataset.task.has_slots,
        tokenizer=TOKENIZER,
    )


def load(folder: Path) -> Predict:
    """Sub-words, network, best label and best tags; the answer is without slots."""
    subwords, network = open_tokenizer(folder / TOKENIZER, _MOST_SUBWORDS), OnnxFile(folder / INT8)

    def predict(text: str) -> Prediction:
        ids = np.array([subwords.encode(well_formed(text)).ids])
        logits = network(ids=ids, mask=np.ones_like(ids))
        best = {name: one[0].argmax(axis=-1).tolist() for name, one in logits.items()}
        return Prediction((str(best["label_logits"]),))

    return predict


def open_tokenizer(path: Path, most_subwords: int) -> Any:
    """A fast tokenizer that cuts what is too long, special tokens included, and pads nothing."""
    tokenizer = require("tokenizers", "teachers").Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(most_subwords)
    tokenizer.no_padding()
    return tokenizer


def _train_pieces(texts: Sequence[str], rows: int, path: Path) -> None:
    tokenizers = require("tokenizers", "teachers")
    pieces = tokenizers.BertWordPieceTokenizer(lowercase=False, strip_accents=False)
    pieces.train_from_iterator(map(well_formed, texts), vocab_size=rows, min_frequency=1, show_progress=False)
    pieces.save(str(path))


def _export(shape: Shape, sources: Sources, folder: Path) -> None:
    import torch

    from edgekd.teachers.encoder import TeacherNetwork

    transformers = require("transformers", "teachers")
    rows = open_tokenizer(folder / TOKENIZER, _MOST_SUBWORDS).get_vocab_size()
    config = getattr(transformers, f"{shape.model}Config")(
        **{"vocab_size": rows, **shape.config}, attn_implementation="eager"
    )
    torch.manual_seed(0)
    encoder = getattr(transformers, f"{shape.model}Model")(config)
    export_encoder(TeacherNetwork(encoder, sources.dataset.labels).eval(), folder)
    (folder / FLOAT).unlink()
