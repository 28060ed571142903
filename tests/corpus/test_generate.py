from __future__ import annotations

import functools
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgekd.cli.app import app
from edgekd.corpus.generate import Sizes, generate, write
from edgekd.corpus.grammar import languages, load
from edgekd.corpus.utter import join
from edgekd.data.align import tags_from_spans
from edgekd.data.examples import Example, Span, Task
from edgekd.data.load import load_dataset, read_texts
from edgekd.errors import UsageError
from edgekd.text.tokens import tokenize


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Example]]:
    return generate(0)


def bare(text: str) -> str:
    return "".join(char for char in text.casefold() if unicodedata.category(char)[0] in "LMN")


def test_sizes_languages_and_scripts(corpus):
    for split, size in {"train": 300, "dev": 70, "test": 70, "unlabelled": 400}.items():
        assert Counter(example.language for example in corpus[split]) == dict.fromkeys(languages(), size)
    scripts = {
        unicodedata.name(char).split()[0] for e in corpus["train"] for char in e.text if char.isalpha()
    }
    assert {"LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "THAI", "HIRAGANA", "KATAKANA", "CJK"} <= scripts


def test_every_intent_in_every_language_and_split(corpus):
    intents = set(load("en").intents)
    for split in ("train", "dev", "test"):
        found = {(example.language, example.labels[0]) for example in corpus[split]}
        assert found == {(language, intent) for language in languages() for intent in intents}


def test_no_text_comes_twice_but_for_case_and_marks(corpus):
    texts = Counter((example.language, bare(example.text)) for split in corpus.values() for example in split)
    assert [text for text, count in texts.items() if count > 1] == []


@functools.cache
def values_of(language: str) -> dict[str, set[str]]:
    return {slot: {value.casefold() for value in values} for slot, values in load(language).slots.items()}


def test_spans_hold_what_they_say_and_students_can_reach_them(corpus):
    exact = total = 0
    for example in (example for split in ("train", "dev", "test") for example in corpus[split]):
        values = values_of(example.language)
        assert tags_from_spans(example.spans, tokenize(example.text))[1] == [], example
        assert example.text == " ".join(example.text.split())
        for span in example.spans:
            total += 1
            exact += example.text[span.start : span.end].casefold() in values[span.slot]
    assert exact / total > 0.95  # the rest are typing errors


@pytest.mark.parametrize("language", languages())
def test_dev_holds_values_that_train_does_not(corpus, language):
    def values(split: str) -> list[tuple[str, str]]:
        examples = [example for example in corpus[split] if example.language == language]
        return [
            (s.slot, example.text[s.start : s.end].casefold()) for example in examples for s in example.spans
        ]

    known = set(values("train"))
    unknown = [value not in known for value in values("dev")]
    assert 0.1 < sum(unknown) / len(unknown) < 0.45


def test_the_seed_decides(corpus):
    small = Sizes(20, 5, 5, 5)
    assert generate(3, wanted=["th"], sizes=small) == generate(3, wanted=["th"], sizes=small)
    assert generate(3, wanted=["th"], sizes=small) != generate(4, wanted=["th"], sizes=small)
    alone = generate(0, wanted=["de"])
    assert alone["dev"] == [example for example in corpus["dev"] if example.language == "de"]


def test_an_exhausted_grammar_gives_what_it_has():
    corpus = generate(0, wanted=["ja"], sizes=Sizes(train=10, dev=20_000, test=1, unlabelled=0))
    counts = Counter(example.labels[0] for example in corpus["dev"])
    assert 100 < counts["ask_time"] < counts["send_message"]


def test_an_unknown_language():
    with pytest.raises(UsageError, match="no grammar for tlh"):
        generate(0, wanted=["en", "tlh"])


def test_what_is_written_is_what_was_drawn(tmp_path: Path):
    corpus = generate(1, wanted=["hi", "fr"], sizes=Sizes(30, 10, 10, 10))
    write(corpus, tmp_path)
    dataset = load_dataset(str(tmp_path))
    assert dataset.task is Task.JOINT
    assert dataset.splits == {split: corpus[split] for split in ("train", "dev", "test")}
    assert read_texts(str(tmp_path / "unlabelled.jsonl")) == [
        (e.text, e.language) for e in corpus["unlabelled"]
    ]


def test_the_command(tmp_path: Path):
    arguments = ["corpus", str(tmp_path), "--languages", "en", "--train", "12", "--dev", "2", "--test", "2"]
    result = CliRunner().invoke(app, [*arguments, "--unlabelled", "3"])
    assert result.exit_code == 0, result.output
    assert len((tmp_path / "train.jsonl").read_text().splitlines()) == 12


def test_pieces_are_joined_with_one_space_or_none():
    pieces = [
        ("what is  the time ", None),
        ("", None),
        (" in ", None),
        ("Rome", "place"),
        (" ", None),
        ("?", None),
    ]
    assert join(pieces) == ("what is the time in Rome?", (Span(20, 24, "place"),))
    assert join([(" ", None), ("東京", "place"), ("は何時", None)]) == ("東京は何時", (Span(0, 2, "place"),))
