"""A student that inherits layers is its teacher cut short; with embeddings it is near its vectors."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, BertTokenizerFast, DistilBertConfig, DistilBertModel

from edgekd.data.examples import LabelSet
from edgekd.errors import TeacherError, UsageError
from edgekd.recipe import Transformer
from edgekd.students.network import STATES, build
from edgekd.teachers.inheritance import chosen_layers, inherited, start
from edgekd.text.word_pieces import UNKNOWN, Vocabulary, WordPieces, vocabulary_of

WIDTH, HEADS, WIDE, DEPTH = 24, 3, 40, 4
PIECES = ["wake", "me", "up", "##s", "a", "b", "##b"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def tokenizer():
    numbers = {piece: number for number, piece in enumerate([*SPECIAL, *PIECES])}
    return BertTokenizerFast(tokenizer_object=BertWordPieceTokenizer(numbers)._tokenizer)


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(3)
    sizes = {"hidden_size": WIDTH, "num_attention_heads": HEADS, "intermediate_size": WIDE}
    config = BertConfig(
        vocab_size=12, num_hidden_layers=DEPTH, layer_norm_eps=1e-6, attn_implementation="eager", **sizes
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model


def shape(**changes) -> Transformer:
    settings = {"front": "word_pieces", "pieces": len(PIECES), "embedding": WIDTH, "positions": "learned"}
    sizes = {"width": WIDTH, "heads": HEADS, "feed_forward": WIDE, "layers": 2}
    return Transformer(**{**settings, **sizes, "max_tokens": 8, "max_chars": 32, **changes})


def network_of(encoder, tokenizer, config) -> keras.Model:
    vocabulary = vocabulary_of(tokenizer) if config.reads_pieces else None
    network = build(config, LabelSet(("a", "b"), ()), with_states=True)
    start(network, inherited(encoder, tokenizer, config, vocabulary))
    return network


def test_a_student_of_the_first_layers_has_the_states_of_its_teacher(encoder, tokenizer):
    network = network_of(encoder, tokenizer, shape(inherit="first"))
    read = WordPieces(vocabulary_of(tokenizer), 8, 32).read("wakes me bab zz")
    states = network([read.rows[None], np.ones((1, len(read.rows)), np.float32)])
    ids = [number + len(SPECIAL) - UNKNOWN - 1 if number > UNKNOWN else 1 for number in read.rows.tolist()]
    with torch.no_grad():  # without [CLS] and [SEP], which a student has not, at the places behind [CLS]
        places = torch.arange(1, len(read.rows) + 1)[None]
        about = {"position_ids": places, "output_hidden_states": True}
        said = encoder(input_ids=torch.tensor([ids]), **about).hidden_states
    for depth in (1, 2):
        np.testing.assert_allclose(states[STATES.format(depth)], said[depth].numpy(), atol=2e-4)


def test_a_narrow_table_is_the_nearest_of_its_rank(encoder, tokenizer):
    config = shape(inherit="embeddings", embedding=5)
    weights = inherited(encoder, tokenizer, config, vocabulary_of(tokenizer))
    ids = [SPECIAL.index("[MASK]"), SPECIAL.index("[UNK]"), *range(len(SPECIAL), len(SPECIAL) + len(PIECES))]
    table = (
        encoder.embeddings.word_embeddings.weight[ids] + encoder.embeddings.token_type_embeddings.weight[0]
    )
    table = table.detach().numpy()
    sizes = np.linalg.svd(table, compute_uv=False)
    error = np.linalg.norm(table - weights["embedding"][0] @ weights["bottleneck"][0])
    assert error == pytest.approx(np.linalg.norm(sizes[5:]), rel=1e-4)
    assert not any(name.startswith("encoder") for name in weights)


def test_a_student_of_another_width_has_the_vectors_themselves(encoder, tokenizer):
    config = shape(inherit="embeddings", embedding=6, width=16, heads=2)
    network = network_of(encoder, tokenizer, config)
    vectors = network.get_layer("embedding").embeddings.numpy()
    assert vectors.shape == (len(PIECES) + 2, 6)
    np.testing.assert_array_equal(network.get_layer("bottleneck").kernel.numpy(), np.eye(6, 16))


def test_layers_go_to_a_student_that_reads_the_projection(encoder, tokenizer):
    config = shape(front="projection", inherit=(4, 1), positions="rotary")
    weights = inherited(encoder, tokenizer, config, None)
    assert {name.partition("/")[0] for name in weights} == {"encoder_1", "encoder_2"}
    fourth = encoder.encoder.layer[3].intermediate.dense.weight.detach().numpy().T
    np.testing.assert_array_equal(weights["encoder_1/wide"][0], fourth)
    network_of(encoder, tokenizer, config)


@pytest.mark.parametrize(
    ("inherit", "layers", "expected"),
    [
        ("first", 2, [1, 2]),
        ("last", 2, [5, 6]),
        ("alternate", 2, [3, 6]),
        ("alternate", 3, [2, 4, 6]),
        ((1, 6), 2, [1, 6]),
        ("embeddings", 2, []),
        ("nothing", 2, []),
    ],
)
def test_which_layers(inherit, layers, expected):
    assert chosen_layers(shape(inherit=inherit, layers=layers), 6) == expected


@pytest.mark.parametrize("inherit", [(1,), (0, 1), (1, 7)])
def test_layers_that_are_not_there(inherit):
    with pytest.raises(UsageError, match="numbers from 1 to 6"):
        chosen_layers(shape(inherit=inherit), 6)
    with pytest.raises(UsageError, match="8 layers"):
        chosen_layers(shape(inherit="first", layers=8), 6)


def test_layers_of_another_width_are_refused(encoder, tokenizer):
    with pytest.raises(UsageError, match="student.width=24"):
        inherited(encoder, tokenizer, shape(width=16, heads=2, inherit="last"), vocabulary_of(tokenizer))


def test_encoders_of_another_kind_are_refused(tokenizer):
    config = DistilBertConfig(vocab_size=12, dim=WIDTH, n_heads=HEADS, hidden_dim=WIDE, n_layers=2)
    config.intermediate_size = WIDE
    with pytest.raises(TeacherError, match="not built as BERT's"):
        inherited(DistilBertModel(config), tokenizer, shape(inherit="first"), vocabulary_of(tokenizer))


def test_nothing_is_inherited_without_being_asked_for(encoder, tokenizer):
    assert inherited(encoder, tokenizer, shape(), Vocabulary(("a",), True)) == {}
