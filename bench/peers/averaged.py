"""The average-word-embedding classifier of MediaPipe Model Maker, made again from its published description.

Ten thousand words, 16 wide embeddings averaged over 256 places (empty ones too, as there), 16 ReLU units, a
softmax: its model_options.py, model_spec.py and preprocessor.py. Adam, and 60 epochs instead of 10, of which
the best on dev is kept: ten do not do for 150 labels. TFLite with int8 weights.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.peers.peer import Peer, Predict, read_labels, write_labels
from bench.peers.sources import Sources
from bench.peers.words import most_frequent, read_vocabulary, write_vocabulary
from edgekd.data.examples import LabelSet, Prediction
from edgekd.extras import require
from edgekd.teachers.teacher import well_formed

SETTINGS = {
    "words": 10_000,
    "width": 16,
    "places": 256,
    "dropout": 0.2,
    "batch": 32,
    "epochs": 60,
    "learning_rate": 3e-3,
    "seed": 1,
}
_START, _UNKNOWN, _FIRST = 1, 2, 3
_FILE, _VOCABULARY = "model.tflite", "vocabulary.txt"
_BETWEEN_WORDS = re.compile(r"[^\w']+")


def build(sources: Sources) -> Peer:
    """Train and convert it."""

    def make(folder: Path) -> None:
        tokens = [_tokens(one.text) for one in sources.train]
        write_vocabulary(folder / _VOCABULARY, most_frequent(tokens, at_least=1, at_most=SETTINGS["words"]))
        labels = sources.dataset.labels.labels
        write_labels(folder, LabelSet(labels))
        (folder / _FILE).write_bytes(_train(sources, read_vocabulary(folder / _VOCABULARY, _FIRST)))

    folder = sources.keep("averaged", SETTINGS, make)
    what = "MediaPipe's average-word-embedding classifier, made again; TFLite with int8 weights, LiteRT"
    files = (_FILE, _VOCABULARY, "labels.json")
    return Peer("averaged", "averaged embeddings (MediaPipe)", what, __name__, folder, files)


def load(folder: Path) -> Predict:
    """Tokens, network, best label."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(folder / _FILE), num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    said = interpreter.get_output_details()[0]["index"]
    labels, number = read_labels(folder).labels, read_vocabulary(folder / _VOCABULARY, _FIRST)

    def predict(text: str) -> Prediction:
        interpreter.set_tensor(given, _numbers(text, number)[None])
        interpreter.invoke()
        return Prediction((labels[int(interpreter.get_tensor(said)[0].argmax())],))

    return predict


def _tokens(text: str) -> list[str]:
    return [token for token in _BETWEEN_WORDS.split(well_formed(text).lower()) if token]


def _numbers(text: str, number: dict[str, int]) -> np.ndarray:
    """Start, the words, and zeros: int32 (places,)."""
    numbers = np.zeros(SETTINGS["places"], np.int32)
    found = [_START, *(number.get(token, _UNKNOWN) for token in _tokens(text))][: len(numbers)]
    numbers[: len(found)] = found
    return numbers


def _train(sources: Sources, number: dict[str, int]) -> bytes:
    """The trained model as a TFLite file."""
    keras, tf = require("keras", "train"), require("tensorflow", "train")
    keras.utils.set_random_seed(SETTINGS["seed"])
    labels = sources.dataset.labels.labels
    model = keras.Sequential(
        [
            keras.Input((SETTINGS["places"],), dtype="int32", batch_size=None),
            keras.layers.Embedding(len(number) + _FIRST, SETTINGS["width"]),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(SETTINGS["width"], activation="relu"),
            keras.layers.Dropout(SETTINGS["dropout"]),
            keras.layers.Dense(len(labels), activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(SETTINGS["learning_rate"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])

    def encoded(examples: Sequence) -> tuple[np.ndarray, np.ndarray]:
        known = [one for one in examples if one.labels[0] in labels]
        texts = np.stack([_numbers(one.text, number) for one in known])
        return texts, np.array([labels.index(one.labels[0]) for one in known])

    with tempfile.TemporaryDirectory() as temporary:
        best = Path(temporary) / "best.weights.h5"
        model.fit(
            *encoded(sources.train),
            validation_data=encoded(sources.judged),
            batch_size=SETTINGS["batch"],
            epochs=SETTINGS["epochs"],
            verbose=0,
            callbacks=[
                keras.callbacks.ModelCheckpoint(
                    best, "val_accuracy", save_best_only=True, save_weights_only=True
                )
            ],
        )
        model.load_weights(best)
        # A fixed shape: one text.
        exported = tf.function(lambda ids: model(ids, training=False))
        spec = tf.TensorSpec([1, SETTINGS["places"]], tf.int32)
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [exported.get_concrete_function(spec)], model
        )
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return converter.convert()
