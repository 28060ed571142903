"""The network that is exported is the network that was trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgekd.data.examples import LabelSet

tf = pytest.importorskip("tensorflow")

TOKENS = 12


@pytest.mark.parametrize("known_length", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"kernel": 1, "zoneout": 0.0},
        {"kernel": 3, "zoneout": 0.4, "layers": 1},
        {"labels": LabelSet(("yes", "no"))},
        {"labels": LabelSet((), ("place",))},
    ],
    ids=["joint", "kernel 1", "kernel 3", "classification", "tagging"],
)
def test_it_gives_the_logits_of_keras(change: dict, known_length: bool, make_student: Callable) -> None:
    from edgekd.export.network import network_of

    student = make_student(**change)
    network = network_of(student)
    rows = TOKENS if known_length else None
    function = tf.function(
        lambda features, on_tokens: network(features, on_tokens, TOKENS),
        input_signature=[tf.TensorSpec((rows, 64)), tf.TensorSpec((rows, 1))],
        autograph=False,
    )
    rng = np.random.default_rng(11)
    for tokens in (0, 1, 5, TOKENS):
        features = rng.normal(size=(TOKENS, 64)).astype(np.float32)
        features[tokens:] = 0
        on_tokens = (np.arange(TOKENS) < tokens).astype(np.float32)[:, None]
        expected = student.network([features[None], on_tokens[None, :, 0]], training=False)
        found = function(features, on_tokens)
        assert set(found) == set(expected)
        for name, logits in found.items():
            seen = slice(tokens) if name == "tag_logits" else slice(None)
            theirs = expected[name].numpy().reshape(logits.shape)
            np.testing.assert_allclose(logits.numpy()[seen], theirs[seen], atol=2e-6)
