"""The average-word-embedding classifier of MediaPipe Model Maker, made again from its published description.

Ten thousand words, 16 wide embeddings averaged over 256 places (empty ones too, as there), 16 ReLU units, a
softmax: its model_options.py, model_spec.py and preprocessor.py. Adam, and 300 epochs instead of 10, of which
the best on dev is kept: ten do not do for 150 labels. TFLite in float32, as there; eight bits lose much.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers.peer import Peer, Predict, read_labels, write_labels
from bench.peers.sources import Sources
from bench.peers.words import most_frequent, read_vocabulary, write_vocabulary
from edgekd.data.examples import Example, LabelSet, Prediction
from edgekd.extras import require
from edgekd.teachers.teacher import well_formed

SETTINGS = {
    "words": 10_000,
    "width": 16,
    "first_weights": 0.05,
    "places": 256,
    "dropout": 0.2,
    "batch": 64,
    "epochs": 300,
    "learning_rate": 1e-3,
    "weights": "float32",
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
    what = "MediaPipe's average-word-embedding classifier, made again; TFLite in float32, LiteRT"
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
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)  # the steps are too small to be shared
    torch.manual_seed(SETTINGS["seed"])
    labels = sources.dataset.labels.labels
    network = _network(len(number) + _FIRST, len(labels))
    texts, answers = _encoded(sources.train, number, labels)
    dev_texts, dev_answers = _encoded(sources.judged, number, labels)
    optimizer = torch.optim.Adam(network.parameters(), SETTINGS["learning_rate"], fused=True)
    best, weights = -1.0, []
    for _ in range(SETTINGS["epochs"]):
        network.train()
        for batch in torch.randperm(len(texts)).split(SETTINGS["batch"]):
            optimizer.zero_grad()
            cross_entropy(network(texts[batch]), answers[batch]).backward()
            optimizer.step()
        with torch.inference_mode():
            right = (network.eval()(dev_texts).argmax(dim=-1) == dev_answers).float().mean().item()
        if right > best:
            best, weights = right, [one.detach().numpy().copy() for one in network.parameters()]
    return _tflite(*weights)


def _network(words: int, labels: int) -> Any:
    """From int64 (batch, places) to logits (batch, labels), with first weights as Keras draws them."""
    from torch import nn

    class Averaged(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(words, SETTINGS["width"])
            bound = SETTINGS["first_weights"]
            nn.init.uniform_(self.embedding.weight, -bound, bound)

        def forward(self, ids):
            # The empty places behind the longest text need not be looked up one by one.
            used = int((ids > 0).sum(dim=1).max())
            empty = (ids.shape[1] - used) * self.embedding.weight[0]
            return (self.embedding(ids[:, :used]).sum(dim=1) + empty) / ids.shape[1]

    hidden, out = nn.Linear(SETTINGS["width"], SETTINGS["width"]), nn.Linear(SETTINGS["width"], labels)
    for dense in (hidden, out):
        nn.init.xavier_uniform_(dense.weight)
        nn.init.zeros_(dense.bias)
    return nn.Sequential(Averaged(), hidden, nn.ReLU(), nn.Dropout(SETTINGS["dropout"]), out)


def _encoded(examples: Sequence[Example], number: dict[str, int], labels: Sequence[str]) -> tuple[Any, Any]:
    """Word numbers, int64 (texts, places), and labels, int64 (texts,), where the label is a known one."""
    import torch

    known = [one for one in examples if one.labels[0] in labels]
    texts = np.stack([_numbers(one.text, number) for one in known]).astype(np.int64)
    return torch.from_numpy(texts), torch.tensor([labels.index(one.labels[0]) for one in known])


def _tflite(
    embedding: np.ndarray, hidden: np.ndarray, hidden_bias: np.ndarray, out: np.ndarray, out_bias: np.ndarray
) -> bytes:
    """The network as TensorFlow's converter writes it, for one text."""
    tf = require("tensorflow", "train")

    @tf.function(input_signature=[tf.TensorSpec([1, SETTINGS["places"]], tf.int32)])
    def run(ids):
        averaged = tf.reduce_mean(tf.gather(embedding, ids), axis=1)
        inner = tf.nn.relu(tf.matmul(averaged, hidden, transpose_b=True) + hidden_bias)
        return tf.nn.softmax(tf.matmul(inner, out, transpose_b=True) + out_bias)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([run.get_concrete_function()], tf.Module())
    return converter.convert()
