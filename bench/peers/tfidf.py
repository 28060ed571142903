"""TF-IDF of words and pairs of words with logistic regression, as scikit-learn has them.

Sublinear term frequency, C = 10, weights stored as float32. The file is a pickle of joblib's: load none but
your own.
"""

from __future__ import annotations

from pathlib import Path

from bench.peers.peer import Peer, Predict
from bench.peers.sources import Sources
from bench.peers.words import spaced
from edgekd.data.examples import Prediction
from edgekd.extras import require

SETTINGS = {"ngrams": [1, 2], "sublinear_tf": True, "C": 10.0, "max_iter": 300}
_FILE = "model.joblib"


def build(sources: Sources) -> Peer:
    """Train it."""

    def make(folder: Path) -> None:
        joblib = require("joblib", "peers")
        joblib.dump(_fit(sources), folder / _FILE, compress=3)

    folder = sources.keep("tfidf", SETTINGS, make)
    what = "words and pairs of words, float32 weights, scikit-learn"
    return Peer("tfidf", "TF-IDF, logistic regression", what, __name__, folder, (_FILE,))


def load(folder: Path) -> Predict:
    """The whole pipeline of scikit-learn."""
    joblib = require("joblib", "peers")
    require("sklearn", "peers")
    pipeline = joblib.load(folder / _FILE)

    def predict(text: str) -> Prediction:
        return Prediction((str(pipeline.predict([spaced(text)])[0]),))

    return predict


def _fit(sources: Sources):
    import numpy as np

    extraction = require("sklearn.feature_extraction.text", "peers")
    linear = require("sklearn.linear_model", "peers")
    pipeline = require("sklearn.pipeline", "peers").make_pipeline(
        # The texts come with their words spaced, single characters included.
        extraction.TfidfVectorizer(
            analyzer="word",
            token_pattern=r"\S+",
            lowercase=False,
            ngram_range=tuple(SETTINGS["ngrams"]),
            sublinear_tf=SETTINGS["sublinear_tf"],
            dtype=np.float32,
        ),
        linear.LogisticRegression(C=SETTINGS["C"], max_iter=SETTINGS["max_iter"]),
    )
    pipeline.fit([spaced(one.text) for one in sources.train], [one.labels[0] for one in sources.train])
    classifier = pipeline[-1]
    classifier.coef_ = classifier.coef_.astype(np.float32)
    classifier.intercept_ = classifier.intercept_.astype(np.float32)
    return pipeline
