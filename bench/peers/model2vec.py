"""model2vec: the encoder's word pieces as static vectors, with logistic regression on their average.

Made here by the recipe of Model2Vec (Tulkens and van Dongen, 2024), since the library's own distilling asks
for older transformers: each piece goes through the encoder alone, the vectors are reduced to 256 by principal
components and weighed by smooth inverse frequency, a piece's rank standing for its frequency. Stored as int8;
the library runs it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers.encoders import TOKENIZER, open_tokenizer
from bench.peers.peer import Peer, Predict, read_labels, write_labels
from bench.peers.sources import Sources
from edgekd.data.examples import LabelSet, Prediction
from edgekd.extras import require
from edgekd.files import sha256
from edgekd.teachers.teacher import well_formed

SETTINGS = {"width": 256, "sif": 1e-4, "C": 30.0, "max_iter": 500}
_HEAD = "head.npz"
_BATCH, _MOST_SUBWORDS = 512, 512


def build(sources: Sources) -> Peer:
    """Make the vectors and train the classifier."""
    settings = {**SETTINGS, "encoder": sha256(sources.encoder / "model.safetensors")}

    def make(folder: Path) -> None:
        model = _vectors(sources.encoder)
        model.save_pretrained(folder)
        labels = sources.dataset.labels.labels
        write_labels(folder, LabelSet(labels))
        np.savez(folder / _HEAD, **_head(model, sources))

    return Peer(
        "model2vec",
        "model2vec, int8",
        f"static vectors of the encoder's word pieces, {SETTINGS['width']} wide, with logistic regression",
        __name__,
        sources.keep("model2vec", settings, make),
        ("model.safetensors", TOKENIZER, "config.json", _HEAD, "labels.json"),
        tokenizer=TOKENIZER,
    )


def load(folder: Path) -> Predict:
    """The library's encoding, and one product."""
    model = require("model2vec", "peers").StaticModel.from_pretrained(folder)
    labels, head = read_labels(folder).labels, np.load(folder / _HEAD)
    weights, bias = head["weights"], head["bias"]

    def predict(text: str) -> Prediction:
        vector = model.encode([well_formed(text)])[0]
        return Prediction((labels[int((vector @ weights + bias).argmax())],))

    return predict


def _vectors(encoder: Path):
    """A model2vec.StaticModel with int8 vectors of all pieces."""
    model2vec, decomposition = require("model2vec", "peers"), require("sklearn.decomposition", "peers")
    tokenizer = open_tokenizer(encoder / TOKENIZER, _MOST_SUBWORDS)
    vectors = _alone(encoder, tokenizer)
    width = min(SETTINGS["width"], *vectors.shape)
    vectors = decomposition.PCA(width, svd_solver="full").fit_transform(vectors)
    # Zipf's law: the pieces of a vocabulary stand in the order of their frequency.
    share = 1 / np.arange(2, len(vectors) + 2)
    vectors *= (SETTINGS["sif"] / (SETTINGS["sif"] + share / share.sum()))[:, None]
    int8 = np.round(vectors * (127 / np.abs(vectors).max())).astype(np.int8)
    return model2vec.StaticModel(int8, tokenizer, normalize=True)


def _alone(encoder: Path, tokenizer) -> np.ndarray:
    """The mean of the states of each piece between special tokens, float (pieces, width)."""
    import torch

    from edgekd.teachers.encoder import load_encoder

    network = load_encoder(str(encoder)).eval()
    empty = tokenizer.encode("").ids
    before, after = empty[: len(empty) // 2], empty[len(empty) // 2 :]
    pieces = torch.arange(tokenizer.get_vocab_size())[:, None]
    rows = [torch.tensor([part]).expand(len(pieces), -1) for part in (before, after)]
    ids = torch.cat([rows[0], pieces, rows[1]], dim=1)
    with torch.inference_mode():
        means = [
            network(input_ids=some, attention_mask=torch.ones_like(some)).last_hidden_state.mean(dim=1)
            for some in ids.split(_BATCH)
        ]
    return torch.cat(means).numpy()


def _head(model, sources: Sources) -> dict[str, np.ndarray]:
    linear = require("sklearn.linear_model", "peers")
    labels = sources.dataset.labels.labels
    texts = model.encode([well_formed(one.text) for one in sources.train])
    classifier = linear.LogisticRegression(C=SETTINGS["C"], max_iter=SETTINGS["max_iter"])
    classifier.fit(texts, [labels.index(one.labels[0]) for one in sources.train])
    return _one_column_a_label(classifier, len(labels))


def _one_column_a_label(classifier, labels: int) -> dict[str, np.ndarray]:
    """Weights float32 (width, labels) and bias (labels,); scikit-learn has a single column for two labels."""
    weights, bias = classifier.coef_.T, classifier.intercept_
    if labels == 2:
        weights, bias = np.hstack([-weights, weights]), np.hstack([-bias, bias])
    return {"weights": weights.astype(np.float32), "bias": bias.astype(np.float32)}
