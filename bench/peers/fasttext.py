"""fastText's supervised classifier, quantized: the average of the vectors of words and pairs of words.

Joulin et al., "Bag of tricks for efficient text classification" (2017) and "FastText.zip" (2016). Pairs of
words, 50 dimensions, learning rate 0.5, 25 epochs; quantized with its norms, and trained again for that.
"""

from __future__ import annotations

from pathlib import Path

from bench.peers.peer import Peer, Predict, read_labels, write_labels
from bench.peers.sources import Sources
from bench.peers.words import spaced
from edgekd.data.examples import LabelSet, Prediction
from edgekd.extras import require
from edgekd.files import write_text

TRAINING = {"dim": 50, "lr": 0.5, "epoch": 25, "wordNgrams": 2, "bucket": 200_000, "minCount": 1}
QUANTIZATION = {"qnorm": True, "retrain": True, "cutoff": 50_000}
_FILE, _MARK = "model.ftz", "__label__"


def build(sources: Sources) -> Peer:
    """Train and quantize it."""

    def make(folder: Path) -> None:
        fasttext = require("fasttext", "peers")
        labels = sources.dataset.labels.labels
        number = {name: index for index, name in enumerate(labels)}
        lines = [f"{_MARK}{number[one.labels[0]]} {spaced(one.text)}\n" for one in sources.train]
        train = folder / "train.txt"
        write_text(train, "".join(lines))
        # One thread, so that the same data gives the same model.
        model = fasttext.train_supervised(str(train), **TRAINING, seed=0, thread=1, verbose=0)
        cutoff = min(QUANTIZATION["cutoff"], model.get_input_matrix().shape[0])
        model.quantize(str(train), **{**QUANTIZATION, "cutoff": cutoff}, thread=1, verbose=0)
        model.save_model(str(folder / _FILE))
        train.unlink()
        write_labels(folder, LabelSet(labels))

    folder = sources.keep("fasttext", {**TRAINING, **QUANTIZATION}, make)
    what = "words and pairs of words, quantized"
    return Peer("fasttext", "fastText", what, __name__, folder, (_FILE, "labels.json"))


def load(folder: Path) -> Predict:
    """The library's own prediction, below the method of its Python class, which fails with numpy 2."""
    fasttext = require("fasttext.FastText", "peers")
    labels = read_labels(folder).labels
    model = fasttext._FastText(model_path=str(folder / _FILE)).f  # as its load_model, which prints a warning

    def predict(text: str) -> Prediction:
        best = model.predict(spaced(text) + "\n", 1, 0.0, "strict")
        # Of a text without a word that it knows it says nothing.
        number = int(best[0][1].removeprefix(_MARK)) if best else 0
        return Prediction((labels[number],))

    return predict
