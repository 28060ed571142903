"""The small transformer: BERT's layers, positions that turn, and padding that changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from edgekd.students.transformer import EncoderLayer, Positions, rotation, turned

WIDTH, HEADS, WIDE = 24, 3, 40


def states(*shape, seed=1):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def on_tokens(*lengths, tokens):
    return tf.sequence_mask(lengths, tokens, tf.float32)[..., None]


def layer(**kwargs):
    made = EncoderLayer(HEADS, WIDE, **kwargs)
    made.build((None, None, WIDTH), (None, None, 1))
    rng = np.random.default_rng(7)
    made.set_weights([rng.normal(size=one.shape, scale=0.3).astype(one.dtype) for one in made.get_weights()])
    return made


def test_a_layer_is_one_of_bert():
    """The same numbers as transformers' BertLayer with the same weights."""
    torch = pytest.importorskip("torch")
    from transformers import BertConfig
    from transformers.models.bert.modeling_bert import BertLayer

    config = BertConfig(
        hidden_size=WIDTH,
        num_attention_heads=HEADS,
        intermediate_size=WIDE,
        layer_norm_eps=1e-6,
        attn_implementation="eager",
    )
    bert, ours = BertLayer(config).eval(), layer()
    with torch.no_grad():
        for parameter in bert.parameters():
            parameter.normal_(std=0.3)
    attention = bert.attention
    heads = [getattr(attention.self, name) for name in ("query", "key", "value")]

    def kernel(dense):
        return dense.weight.detach().numpy().T, dense.bias.detach().numpy()

    kernels, biases = zip(*map(kernel, heads), strict=True)
    ours.qkv.set_weights([np.concatenate(kernels, axis=1), np.concatenate(biases)])
    for mine, theirs in (
        (ours.attended, attention.output.dense),
        (ours.wide, bert.intermediate.dense),
        (ours.narrow, bert.output.dense),
    ):
        mine.set_weights(kernel(theirs))
    for mine, theirs in (
        (ours.attended_norm, attention.output.LayerNorm),
        (ours.fed_norm, bert.output.LayerNorm),
    ):
        mine.set_weights([theirs.weight.detach().numpy(), theirs.bias.detach().numpy()])

    x, mask = states(2, 5, WIDTH), on_tokens(5, 3, tokens=5)
    hidden = torch.tensor((1 - mask[..., 0].numpy())[:, None, None] * -1e4)
    with torch.no_grad():
        weights = bert.attention.self(torch.tensor(x.numpy()), hidden)[1]
        expected = bert(torch.tensor(x.numpy()), hidden)
    expected = expected[0] if isinstance(expected, tuple) else expected
    np.testing.assert_allclose(ours(x, mask)[0], expected.numpy(), atol=1e-5)
    hidden = (1 - mask[:, None, :, :]) * 1e4
    shares = tf.nn.softmax(ours(x, mask)[1] - tf.transpose(hidden, [0, 1, 3, 2]))
    np.testing.assert_allclose(shares, weights.numpy(), atol=1e-5)


@pytest.mark.parametrize("rotary", [False, True])
def test_padding_changes_nothing(rotary):
    ours, x = layer(rotary=rotary), states(1, 4, WIDTH)
    alone, _ = ours(x, on_tokens(4, tokens=4))
    padded, _ = ours(tf.pad(x, [[0, 0], [0, 3], [0, 0]], constant_values=9.0), on_tokens(4, tokens=7))
    np.testing.assert_allclose(padded[:, :4], alone, atol=1e-5)


def test_without_positions_the_order_does_not_matter_and_with_them_it_does():
    x, mask = states(1, 4, WIDTH), on_tokens(4, tokens=4)
    for rotary in (False, True):
        ours = layer(rotary=rotary)
        back = tf.reverse(ours(tf.reverse(x, [1]), mask)[0], [1])
        assert np.allclose(back, ours(x, mask)[0], atol=1e-4) != rotary


def test_what_turned_vectors_say_to_each_other_depends_on_their_distance():
    cosine, sine = rotation(9, 8)
    query, key = (tf.repeat(states(1, 8, seed=seed), 9, axis=0) for seed in (2, 3))
    scores = tf.matmul(turned(query, cosine, sine), turned(key, cosine, sine), transpose_b=True).numpy()
    for distance in range(-8, 9):
        diagonal = np.diagonal(scores, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], atol=1e-4)
    assert len(np.unique(scores[0].round(3))) > 5
    np.testing.assert_allclose(
        tf.norm(turned(query, cosine, sine), axis=1), tf.norm(query, axis=1), atol=1e-5
    )


def test_learned_positions_are_added_by_place():
    positions, x = Positions(6), states(2, 4, WIDTH)
    np.testing.assert_allclose(positions(x) - x, tf.repeat(positions.table[None, :4], 2, axis=0), atol=1e-6)


def test_dropout_is_of_training_alone():
    ours, x, mask = layer(dropout=0.5), states(1, 4, WIDTH), on_tokens(4, tokens=4)
    np.testing.assert_array_equal(ours(x, mask)[0], ours(x, mask)[0])
    assert not np.allclose(ours(x, mask, training=True)[0], ours(x, mask)[0])
