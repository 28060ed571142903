"""TF-IDF of words and pairs of words with logistic regression, as scikit-learn has them.

Sublinear term frequency, C = 10. What was learnt is kept as arrays and a list of words, not as a pickle, and
put back into scikit-learn's own classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers.peer import Peer, Predict, read_labels, write_labels
from bench.peers.sources import Sources
from bench.peers.words import read_vocabulary, spaced, write_vocabulary
from edgekd.data.examples import LabelSet, Prediction
from edgekd.extras import require

SETTINGS = {"ngrams": [1, 2], "sublinear_tf": True, "C": 10.0, "max_iter": 300}
_TERMS, _ARRAYS = "terms.txt", "weights.npz"


def build(sources: Sources) -> Peer:
    """Train it."""

    def make(folder: Path) -> None:
        vectorizer, classifier = _vectorizer(), _classifier()
        texts = vectorizer.fit_transform([spaced(one.text) for one in sources.train])
        classifier.fit(texts, [one.labels[0] for one in sources.train])
        write_vocabulary(folder / _TERMS, vectorizer.get_feature_names_out())
        weights, bias = classifier.coef_.astype(np.float32), classifier.intercept_.astype(np.float32)
        np.savez_compressed(folder / _ARRAYS, idf=vectorizer.idf_, weights=weights, bias=bias)
        write_labels(folder, LabelSet(tuple(classifier.classes_.tolist())))

    folder = sources.keep("tfidf", SETTINGS, make)
    what = "words and pairs of words, float32 weights, scikit-learn"
    return Peer(
        "tfidf", "TF-IDF, logistic regression", what, __name__, folder, (_TERMS, _ARRAYS, "labels.json")
    )


def load(folder: Path) -> Predict:
    """Scikit-learn's own vectorizer and classifier, as they were trained."""
    vectorizer, classifier = _vectorizer(read_vocabulary(folder / _TERMS, 0)), _classifier()
    with np.load(folder / _ARRAYS) as arrays:
        vectorizer.idf_ = arrays["idf"]
        classifier.coef_, classifier.intercept_ = arrays["weights"], arrays["bias"]
    classifier.classes_ = np.array(read_labels(folder).labels)

    def predict(text: str) -> Prediction:
        return Prediction((str(classifier.predict(vectorizer.transform([spaced(text)]))[0]),))

    return predict


def _vectorizer(vocabulary: dict[str, int] | None = None):
    # The texts come with their words spaced, single characters included.
    return require("sklearn.feature_extraction.text", "peers").TfidfVectorizer(
        analyzer="word",
        token_pattern=r"\S+",
        lowercase=False,
        ngram_range=tuple(SETTINGS["ngrams"]),
        sublinear_tf=SETTINGS["sublinear_tf"],
        dtype=np.float32,
        vocabulary=vocabulary,
    )


def _classifier():
    linear = require("sklearn.linear_model", "peers")
    return linear.LogisticRegression(C=SETTINGS["C"], max_iter=SETTINGS["max_iter"])
