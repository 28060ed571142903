"""The numpy reference of the front end of word pieces: BERT's tokenizer, in what a graph can compute.

    fold      each code point becomes one, or none: controls, and for lower case marks, too
    words     runs of WORD, and each SINGLE (punctuation, Han)
    pieces    of a word the longest piece that it begins with, then the longest that the rest begins with, and
              so on (Wu et al., 2016, "Google's Neural Machine Translation System", section 4.1); a word of
              which a part is no piece, or that is longer than LONGEST_WORD, is unknown as a whole

The tables (`bert_uncased_v1.npz`, `bert_cased_v1.npz`) are made once from what the tokenizers library does
with each code point (`python -m edgekd.text.word_pieces`), since deployed models depend on them. They lack
what it makes several of: for lower case it takes Hangul apart, so those words are unknown here, and some
vowel signs of Indic scripts.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from edgekd.errors import UsageError
from edgekd.text import unicode
from edgekd.text.read import Read
from edgekd.text.tokens import code_points
from edgekd.text.unicode import LIMIT, SINGLE, SPACE, WORD

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

REMOVED = 3
"""The class of code points that leave nothing; the place of `unicode.TAIL`, which is not needed here."""

CONTINUES = "##"
LONGEST_WORD = 100
PADDING, UNKNOWN = 0, 1
"""Numbers of what is no piece, past the end of a text or hidden in pre-training; and of an unknown word.
Those of the pieces follow in their order."""

VERSION = 1


@dataclass(frozen=True)
class Vocabulary:
    """The pieces of words.

    Attributes:
        pieces: without the special ones; those inside a word begin with CONTINUES. The first has the number
            UNKNOWN + 1.
        lower_case: fold to lower case and drop accents, as uncased models do.
    """

    pieces: tuple[str, ...]
    lower_case: bool

    def __post_init__(self) -> None:
        if not self.pieces or "" in self.pieces or len(set(self.pieces)) < len(self.pieces):
            raise UsageError("the vocabulary is empty, or a piece comes twice", expected="distinct pieces")

    @classmethod
    def of(cls, description: Mapping[str, Any] | None) -> Vocabulary | None:
        """What `dataclasses.asdict` made of one; None of None, for what reads the projection."""
        if not description:
            return None
        return cls(tuple(description["pieces"]), description["lower_case"])

    @property
    def tables(self) -> str:
        """The name of its tables of code points."""
        return _tables(self.lower_case)

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """Of each piece."""
        return {piece: number for number, piece in enumerate(self.pieces, start=UNKNOWN + 1)}

    @functools.cached_property
    def longest(self) -> int:
        """Characters of the longest piece."""
        return max(len(piece.removeprefix(CONTINUES)) for piece in self.pieces)

    def pieces_of(self, text: str) -> Iterator[tuple[int, tuple[int, int]]]:
        """Number and place, in code points, of each piece of a text."""
        folded, words = split(code_points(text), self.tables)
        for places in words:
            word = "".join(chr(folded[place]) for place in places)
            for start, end, number in self._split(word):
                yield number, (places[start], places[end - 1] + 1)

    def _split(self, word: str) -> list[tuple[int, int, int]]:
        """Start, end and number of each piece of a folded word."""
        found, start = [], 0
        while start < len(word):
            for end in range(min(len(word), start + self.longest), start, -1):
                number = self.numbers.get(CONTINUES * (start > 0) + word[start:end])
                if number is not None:
                    found.append((start, end, number))
                    start = end
                    break
            else:
                return [(0, len(word), UNKNOWN)]
        return found if len(word) <= LONGEST_WORD else [(0, len(word), UNKNOWN)]


@dataclass(frozen=True)
class WordPieces:
    """The settings of the front end of word pieces.

    Attributes:
        vocabulary: its pieces.
        max_tokens: pieces past it are cut.
        max_chars: code points past it are cut.
    """

    vocabulary: Vocabulary
    max_tokens: int = 32
    max_chars: int = 192
    version: int = VERSION

    row: ClassVar[tuple[int, ...]] = ()
    dtype: ClassVar[str] = "int32"

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.max_chars < self.max_tokens:
            raise UsageError(
                f"max_tokens is {self.max_tokens} and max_chars is {self.max_chars}",
                expected="1 <= max_tokens <= max_chars",
            )

    def read(self, text: str) -> Read:
        """The numbers of the pieces of a text, int32 (pieces,), cut to the front end's lengths."""
        pieces = list(self.vocabulary.pieces_of(text[: self.max_chars]))
        numbers, spans = zip(*pieces[: self.max_tokens], strict=True) if pieces else ((), ())
        return Read(np.array(numbers, np.int32), np.array(spans, np.int32).reshape(-1, 2), len(pieces))

    def count(self, text: str) -> int:
        """Pieces of a text, however long."""
        return sum(1 for _ in self.vocabulary.pieces_of(text))

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON values; of the vocabulary what can be told in a word."""
        return {
            "word_pieces": len(self.vocabulary.pieces),
            "lower_case": self.vocabulary.lower_case,
            "max_tokens": self.max_tokens,
            "max_chars": self.max_chars,
            "version": self.version,
        }


def split(points: np.ndarray, tables: str) -> tuple[np.ndarray, list[list[int]]]:
    """Folded code points, int32 (chars,), and of each word the places of its characters."""
    folded, kinds = unicode.look_up(points, tables)
    words: list[list[int]] = []
    inside = False
    for place, kind in enumerate(kinds.tolist()):
        if kind == WORD and inside:
            words[-1].append(place)
        elif kind in (WORD, SINGLE):
            words.append([place])
        if kind != REMOVED:
            inside = kind == WORD
    return folded, words


def trimmed(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], most: int) -> Vocabulary:
    """The part of a BERT tokenizer's vocabulary that texts need: its most frequent pieces.

    Single characters of the texts come first, so that few words are unknown.

    Args:
        tokenizer: of the teacher.
        texts: in the languages that are shipped.
        most: pieces.

    Raises:
        UsageError: it is no tokenizer of word pieces, or none that the tables know.
    """
    whole = vocabulary_of(tokenizer)
    counts, letters = np.zeros(len(whole.pieces) + UNKNOWN + 1, np.int64), set()
    for text in texts:
        for number, _ in whole.pieces_of(text):
            counts[number] += 1
        letters.update(text)
    rest = counts.sum() + 1  # more than any count
    folded, _ = unicode.look_up(code_points("".join(letters)), whole.tables)
    for letter in map(chr, set(folded.tolist())):
        for piece in (letter, CONTINUES + letter):
            counts[whole.numbers.get(piece, UNKNOWN)] += rest
    counts[: UNKNOWN + 1] = 0
    kept = sorted(number for number in np.argsort(-counts, kind="stable")[:most].tolist() if counts[number])
    return Vocabulary(tuple(whole.pieces[number - UNKNOWN - 1] for number in kept), whole.lower_case)


def vocabulary_of(tokenizer: PreTrainedTokenizerBase) -> Vocabulary:
    """All pieces of a BERT tokenizer but its special ones.

    Raises:
        UsageError: it is no tokenizer of word pieces, or none that the tables know.
    """
    import json

    backend = getattr(tokenizer, "backend_tokenizer", None)
    parts = json.loads(backend.to_str()) if backend else {}
    model, normalizer = parts.get("model") or {}, parts.get("normalizer") or {}
    if model.get("type") != "WordPiece" or normalizer.get("type") != "BertNormalizer":
        raise UsageError(
            f"a tokenizer of type {model.get('type', type(tokenizer).__name__)}",
            expected="BERT's word pieces, for a student that shares its teacher's vocabulary",
            fix="use the projection, which needs no vocabulary",
        )
    lower_case, accents = normalizer["lowercase"], normalizer["strip_accents"]
    if lower_case is not (lower_case if accents is None else accents):
        raise UsageError(
            f"a tokenizer with lowercase {lower_case} and strip_accents {accents}",
            expected="both or neither, as in BERT's uncased and cased models",
        )
    special = set(tokenizer.all_special_tokens)
    pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return Vocabulary(tuple(piece for piece in pieces if piece and piece not in special), bool(lower_case))


def _tables(lower_case: bool) -> str:
    return f"bert_{'uncased' if lower_case else 'cased'}_v1"


def build(lower_case: bool) -> unicode.Tables:
    """Make the tables from what the tokenizers library does with each code point."""
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    normalizer = BertNormalizer(lowercase=lower_case)
    words = BertPreTokenizer()
    folded, kinds = list(range(LIMIT)), [REMOVED] * LIMIT
    for point in range(LIMIT):
        if 0xD800 <= point <= 0xDFFF:
            continue
        kept: Sequence[str] = normalizer.normalize_str(chr(point))
        if kept and not kept.strip():
            kinds[point] = SPACE
        elif kept:
            kinds[point] = WORD if len(words.pre_tokenize_str(f"a{kept}a")) == 1 else SINGLE
            folded[point] = ord(kept.strip()) if len(kept.strip()) == 1 else point
    return unicode.packed(folded, kinds)


if __name__ == "__main__":
    for lower in (True, False):
        np.savez_compressed(unicode.path(_tables(lower)), **build(lower)._asdict())
