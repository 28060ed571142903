"""Pooling and tag head against their definitions."""

import numpy as np

from edgekd.students.heads import AttentionPooling, TagHead

STATES = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)


def test_pooling_is_the_softmax_weighted_mean_of_the_tokens():
    on_tokens = np.ones((2, 5, 1), np.float32)
    on_tokens[1, 3:] = 0
    layer = AttentionPooling()
    pooled = np.asarray(layer(STATES, on_tokens))
    kernel, bias = layer.score.get_weights()
    for row, tokens in ((0, 5), (1, 3)):
        scores = np.exp(STATES[row, :tokens] @ kernel[:, 0] + bias[0])
        np.testing.assert_allclose(pooled[row], (scores / scores.sum()) @ STATES[row, :tokens], atol=1e-5)


def test_pooling_of_no_tokens_is_zero():
    assert not np.asarray(AttentionPooling()(STATES, np.zeros((2, 5, 1), np.float32))).any()


def test_tag_head_is_a_dense_layer_on_token_and_text():
    layer = TagHead(3)
    text = np.random.default_rng(1).normal(size=(2, 4)).astype(np.float32)
    logits = np.asarray(layer(STATES, text))
    kernel = np.concatenate([layer.of_token.kernel.numpy(), layer.of_text.kernel.numpy()])
    both = np.concatenate([STATES, np.repeat(text[:, None], 5, axis=1)], axis=-1)
    np.testing.assert_allclose(logits, both @ kernel + layer.of_token.bias.numpy(), atol=1e-5)
