"""Word pieces against the tokenizers library: the reference by all code points and random texts, the graph by
the reference."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import pytest
from tokenizers import BertWordPieceTokenizer
from transformers import BertTokenizerFast, PreTrainedTokenizerFast

from edgekd.errors import UsageError
from edgekd.text.piece_table import PieceTable, piece_hashes
from edgekd.text.tokens import code_points
from edgekd.text.unicode import LIMIT
from edgekd.text.word_pieces import PADDING, UNKNOWN, Vocabulary, WordPieces, trimmed

WORDS = ["wake", "me", "up", "at", "seven", "tomorrow", "unbelievable", "naive", "cafe", "strasse"]
WORDS += ["привет", "мир", "गाने", "你", "好", "!", "?", ",", "音", "楽"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TEXTS = [
    "Wake me up at seven tomorrow!",
    "unbelievably naïve cafés",
    "cafe\u0301s and re\u0301sume\u0301",
    "你好，音楽 かけて",
    "привет МИР",
    "गाने बजाओ",
    "a\u200bb\u00adc\ufeff wake\tme\nup",
    "x" * 100 + " " + "x" * 101,
    "wake\u0301",
    "\u0301wake",
    "…?!…",
    "wake me up" * 13,
    "",
]


def vocabulary() -> list[str]:
    letters = sorted({char for word in WORDS for char in word} | set("abcdefghijklmnopqrstuvwxyzWM"))
    parts = ["wa", "##ke", "##ak", "un", "##believ", "##able", "##ably", "to", "##mor", "##row", "##s", "##e"]
    return list(dict.fromkeys([*letters, *(f"##{one}" for one in letters), *WORDS, *parts]))


@pytest.fixture(params=[True, False], ids=["uncased", "cased"])
def both(request) -> tuple[BertWordPieceTokenizer, WordPieces]:
    pieces = vocabulary()
    numbers = {piece: number for number, piece in enumerate([*SPECIAL, *pieces])}
    theirs = BertWordPieceTokenizer(numbers, lowercase=request.param)
    return theirs, WordPieces(Vocabulary(tuple(pieces), request.param), max_tokens=400, max_chars=800)


def names(numbers: np.ndarray, front_end: WordPieces) -> list[str]:
    """Of the pieces, as the tokenizers library has them."""
    pieces = front_end.vocabulary.pieces
    return [pieces[number - UNKNOWN - 1] if number > UNKNOWN else "[UNK]" for number in numbers]


def random_texts(count: int) -> list[str]:
    chance = random.Random(5)
    alphabets = [
        lambda: chance.choice("wakeupto mrwun,!"),
        lambda: chr(chance.randrange(32, 127)),
        lambda: chr(chance.randrange(0x80, 0x600)),
        lambda: chr(chance.randrange(0x20, LIMIT)),
    ]
    texts = []
    for _ in range(count):
        alphabet = chance.choice(alphabets)
        drawn = (alphabet() for _ in range(chance.randrange(1, 60)))
        texts.append("".join(char for char in drawn if unicodedata.category(char) not in ("Cs", "Cn")))
    return texts


def taken_apart(text: str) -> bool:
    """What the tokenizers library makes several letters of: Hangul, and vowel signs in two parts."""
    return any(
        sum(not unicodedata.combining(part) and unicodedata.category(part) != "Mn" for part in parts) > 1
        for parts in (unicodedata.normalize("NFD", char) for char in text)
    )


def test_pieces_and_places_are_those_of_the_tokenizers_library(both):
    theirs, ours = both
    for text in [*TEXTS, *random_texts(2000)]:
        if ours.vocabulary.lower_case and taken_apart(text):
            continue
        expected, found = theirs.encode(text, add_special_tokens=False), ours.read(text)
        assert names(found.rows, ours) == expected.tokens
        assert list(map(tuple, found.spans.tolist())) == expected.offsets, repr(text)
        assert found.count == len(expected.tokens)


def test_pieces_are_those_of_tensorflow_text():
    tf = pytest.importorskip("tensorflow")
    tensorflow_text = pytest.importorskip("tensorflow_text")
    pieces = vocabulary()
    tokenizer = tensorflow_text.FastBertTokenizer(
        [*SPECIAL, *pieces], token_out_type=tf.string, lower_case_nfd_strip_accents=True
    )
    ours = WordPieces(Vocabulary(tuple(pieces), True), max_tokens=400, max_chars=800)
    for text in (*TEXTS[:3], *TEXTS[4:6]):  # it makes an ASCII comma of the wide one, which BERT does not
        expected = [one.decode() for one in tokenizer.tokenize([text]).flat_values.numpy()]
        assert names(ours.read(text).rows, ours) == expected


def test_lengths_cut():
    ours = WordPieces(Vocabulary(tuple(vocabulary()), True), max_tokens=3, max_chars=14)
    read = ours.read("wake me up at seven")
    assert names(read.rows, ours) == ["wake", "me", "up"]
    assert read.count == 4 and read.spans.tolist() == [[0, 4], [5, 7], [8, 10]]


def hugging_face(pieces: list[str], **options) -> PreTrainedTokenizerFast:
    theirs = BertWordPieceTokenizer({piece: n for n, piece in enumerate([*SPECIAL, *pieces])}, **options)
    return BertTokenizerFast(tokenizer_object=theirs._tokenizer)


def test_a_trimmed_vocabulary_has_the_letters_and_the_most_frequent_pieces():
    texts = ["Wake me up", "wake me tomorrow", "wake"]
    letters = {mark + letter for letter in "wakemupotr" for mark in ("", "##")}
    found = trimmed(hugging_face(vocabulary()), texts, len(letters) + 2)
    assert set(found.pieces) == letters | {"wake", "me"}
    assert found.lower_case
    every = trimmed(hugging_face(vocabulary()), texts, 1000)
    assert set(every.pieces) == letters | {"wake", "me", "up", "tomorrow"}
    cased = trimmed(hugging_face(vocabulary(), lowercase=False), texts, 1000)
    assert not cased.lower_case and {"W", "##W"} <= set(cased.pieces)


def test_other_tokenizers_are_refused():
    odd = hugging_face(vocabulary(), lowercase=True, strip_accents=False)
    with pytest.raises(UsageError, match="strip_accents False"):
        trimmed(odd, ["wake"], 10)
    with pytest.raises(UsageError, match="word pieces"):
        trimmed(object(), ["wake"], 10)


@pytest.mark.parametrize("pieces", [(), ("a", "a"), ("",)])
def test_a_vocabulary_that_is_none(pieces):
    with pytest.raises(UsageError):
        Vocabulary(pieces, True)


@pytest.mark.parametrize("count", [1, 2, 30, 3000])
def test_each_piece_has_a_slot_of_its_own(count):
    chance = random.Random(count)
    pieces = {
        "##" * chance.randrange(2) + "".join(chance.choices("abcdefgñ好", k=chance.randrange(1, 8)))
        for _ in range(2 * count)
    }
    some = Vocabulary(tuple(sorted(pieces)[:count]), True)
    table, hashes = PieceTable.of(some), piece_hashes(some.pieces)
    slots = table.slots(hashes)
    assert len(table.hashes) == len(some.pieces) == len(set(slots.tolist()))
    np.testing.assert_array_equal(table.numbers[slots], np.arange(len(slots)) + UNKNOWN + 1)
    np.testing.assert_array_equal(table.hashes[slots], hashes)


def graph_of(front_end: WordPieces, tokens: int):
    tf = pytest.importorskip("tensorflow")
    from edgekd.text.piece_layers import piece_graph

    return tf.function(
        lambda points: piece_graph(points, front_end, tokens)._asdict(),
        input_signature=[tf.TensorSpec((1, 128), tf.int32)],
        autograph=False,
    )


def check(found: dict[str, np.ndarray], text: str, front_end: WordPieces, rows: int) -> None:
    expected = front_end.read(text)
    count = len(expected.rows)
    assert found["count"].tolist() == [expected.count], repr(text)
    np.testing.assert_array_equal(
        found["numbers"], np.pad(expected.rows, (0, rows - count), constant_values=PADDING)
    )
    np.testing.assert_array_equal(found["spans"], np.pad(expected.spans, [(0, rows - count), (0, 0)]))


def padded(text: str) -> np.ndarray:
    points = code_points(text)[:128]
    return np.pad(points, (0, 128 - len(points)))[None]


@pytest.mark.parametrize("lower_case", [True, False])
def test_the_graph_gives_the_pieces_of_the_reference(lower_case):
    front_end = WordPieces(Vocabulary(tuple(vocabulary()), lower_case), max_tokens=40, max_chars=128)
    graph = graph_of(front_end, 40)
    for text in [*TEXTS, *random_texts(400), "wake" * 24, "unbelievably" * 10, "\ud800wake"]:
        found = {name: value.numpy() for name, value in graph(padded(text)).items()}
        check(found, text, front_end, 40)


def test_the_graph_is_builtin_ops_of_tflite():
    tf = pytest.importorskip("tensorflow")
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    front_end = WordPieces(Vocabulary(tuple(vocabulary()), True), max_tokens=40, max_chars=128)
    function = graph_of(front_end, 40).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    runner = interpreter.Interpreter(model_content=converter.convert())
    runner.allocate_tensors()
    by_shape = {tuple(one["shape"]): one["index"] for one in runner.get_output_details()}
    for text in [*TEXTS, *random_texts(100)]:
        runner.set_tensor(runner.get_input_details()[0]["index"], padded(text))
        runner.invoke()
        shapes = {"numbers": (40,), "spans": (40, 2), "count": (1,)}
        found = {name: runner.get_tensor(by_shape[shape]) for name, shape in shapes.items()}
        check(found, text, front_end, 40)


def test_the_unknown_word_has_a_number_of_its_own():
    read = WordPieces(Vocabulary(("a",), True)).read("q a")
    assert read.rows.tolist() == [UNKNOWN, UNKNOWN + 1] and PADDING < UNKNOWN
