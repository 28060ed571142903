"""A bidirectional LSTM over word embeddings for labels and slots together, int8 in ONNX Runtime.

The common small model before pre-trained encoders: Liu and Lane, "Attention-based recurrent neural network
models for joint intent detection and slot filling" (2016), without the attention. Words that are there once
in the train split are unknown ones; labels come of the maximum over the words, tags of each word and that
maximum.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers.onnx_file import INT8, OnnxFile
from bench.peers.peer import Peer, Predict, read_labels, write_labels
from bench.peers.sources import Sources
from bench.peers.words import most_frequent, read_vocabulary, words_of, write_vocabulary
from edgekd.data.align import spans_from_tags
from edgekd.data.decode import best_tags
from edgekd.data.examples import Prediction

UNKNOWN, FIRST = 1, 2
"""The number of unknown words, and of the first known one; 0 is padding."""

SETTINGS = {
    "embedding": 100,
    "units": 128,
    "dropout": 0.5,
    "unknown_words": 0.05,
    "batch": 64,
    "epochs": 15,
    "learning_rate": 3e-3,
    "least_count": 2,
    "seed": 1,
}
"""One layer of `units` in each direction; of the epochs that is kept which is best on the judged split."""

_VOCABULARY = "vocabulary.txt"


def build(sources: Sources) -> Peer:
    """Train and export it."""

    def make(folder: Path) -> None:
        from bench.peers.lstm_training import train

        sentences = (words_of(one.text)[0] for one in sources.train)
        vocabulary = most_frequent(sentences, at_least=SETTINGS["least_count"])
        write_vocabulary(folder / _VOCABULARY, vocabulary)
        write_labels(folder, sources.dataset.labels)
        number = read_vocabulary(folder / _VOCABULARY, FIRST)
        train(sources, number, SETTINGS, folder / INT8)

    return Peer(
        "lstm",
        "BiLSTM, int8",
        f"one layer of {SETTINGS['units']} units each way, word embeddings of {SETTINGS['embedding']}; "
        "ONNX Runtime",
        __name__,
        sources.keep("lstm", SETTINGS, make),
        (INT8, _VOCABULARY, "labels.json"),
        slots=sources.dataset.task.has_slots,
    )


def load(folder: Path) -> Predict:
    """Words, network, the best label and the best tags that make sense together."""
    labels, network = read_labels(folder), OnnxFile(folder / INT8)
    number = read_vocabulary(folder / _VOCABULARY, FIRST)
    tags = labels.tags

    def predict(text: str) -> Prediction:
        words, offsets = words_of(text)
        # An empty text is one unknown word to the network, and has no slots.
        ids = [number.get(word, UNKNOWN) for word in words] or [UNKNOWN]
        outputs = network(ids=np.array([ids]))
        said = (labels.labels[int(outputs["label_logits"][0].argmax())],)
        if not tags or not words:
            return Prediction(said)
        best = [tags[one] for one in best_tags(outputs["tag_logits"][0])]
        return Prediction(said, spans_from_tags(best, offsets))

    return predict
