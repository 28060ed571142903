"""Synonyms from WordNet files and from lists."""

from __future__ import annotations

import gzip
import sys

import numpy as np
import pytest

from edgekd.data import Example, Span
from edgekd.distill.augment.lexical import Lexical, read_wordnet
from edgekd.errors import DataError, MissingExtraError

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.0.dtd">
<LexicalResource xmlns:dc="http://purl.org/dc/elements/1.1/">
"""


def lexicon(language: str, synsets: dict[str, list[str]]) -> str:
    """A lexicon of WN-LMF with these words in these synsets."""
    words: dict[str, list[str]] = {}
    for synset, lemmas in synsets.items():
        for lemma in lemmas:
            words.setdefault(lemma, []).append(synset)
    entries = "".join(
        f'<LexicalEntry id="{language}-{number}"><Lemma writtenForm="{word}" partOfSpeech="n"/>'
        + "".join(f'<Sense id="{language}-{number}-{own}" synset="{language}-{own}"/>' for own in mine)
        + "</LexicalEntry>"
        for number, (word, mine) in enumerate(words.items())
    )
    listed = "".join(f'<Synset id="{language}-{own}" ili="" partOfSpeech="n"/>' for own in synsets)
    return (
        f'<Lexicon id="test-{language}" label="Test" language="{language}" email="a@b.c" license="x" '
        f'version="1">{entries}{listed}</Lexicon>'
    )


def resource(*lexicons: str) -> str:
    return HEAD + "".join(lexicons) + "</LexicalResource>"


ENGLISH = lexicon("en", {"1": ["car", "auto", "machine"], "2": ["car", "railway car"], "3": ["lonely"]})
CHINESE = lexicon("cmn-Hans", {"1": ["早上", "早晨"]})


def test_synonyms_are_the_other_words_of_all_synsets(tmp_path):
    file = tmp_path / "wordnet.xml"
    file.write_text(resource(ENGLISH, CHINESE), "utf-8")
    assert read_wordnet(file) == {
        "en": {
            "car": ("auto", "machine", "railway car"),
            "auto": ("car", "machine"),
            "machine": ("car", "auto"),
            "railway car": ("car",),
        },
        "zh": {"早上": ("早晨",), "早晨": ("早上",)},
    }


def test_packed_files_and_folders_of_folders_are_read(tmp_path):
    for name, content in (("en", ENGLISH), ("zh", CHINESE)):
        folder = tmp_path / "all" / name
        folder.mkdir(parents=True)
        (folder / "wordnet.xml").write_text(resource(content), "utf-8")
    packed = tmp_path / "wordnet.xml.gz"
    packed.write_bytes(gzip.compress(resource(CHINESE).encode()))
    assert set(read_wordnet(tmp_path / "all")) == {"en", "zh"}
    assert set(read_wordnet(packed)) == {"zh"}


def test_bad_files_say_how_to_get_good_ones(tmp_path):
    (tmp_path / "broken.xml").write_text(resource(ENGLISH)[:-30], "utf-8")
    (tmp_path / "other.txt").write_text("car auto", "utf-8")
    (tmp_path / "lonely.xml").write_text(resource(lexicon("en", {"1": ["lonely"]})), "utf-8")
    (tmp_path / "empty").mkdir()
    for name in ("broken.xml", "other.txt", "lonely.xml", "empty", "none.xml"):
        with pytest.raises(DataError, match="wn.download"):
            read_wordnet(tmp_path / name)


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wn.project", None)
    with pytest.raises(MissingExtraError, match="augment"):
        read_wordnet(tmp_path)


def test_words_are_swapped_for_synonyms_of_their_language():
    lexicons = {"en": {"car": ("auto", "railway car")}, "de": {"hat": ("besitzt",)}}
    examples = [
        Example("my car now", "en-US", spans=(Span(3, 6, "thing"),)),
        Example("er hat nichts", "de"),
        Example("car", "nl"),
    ]
    made = set(Lexical(lexicons, share=1.0, times=20)(examples, np.random.default_rng(1)))
    assert made == {
        Example("my auto now", "en-US", spans=(Span(3, 7, "thing"),)),
        Example("my railway car now", "en-US", spans=(Span(3, 14, "thing"),)),
        Example("er besitzt nichts", "de"),
    }
