"""Words swapped for synonyms, of WordNet or of a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter
from edgekd.distill.augment.lexicon import Lexicon, for_language, replaced
from edgekd.errors import DataError
from edgekd.extras import require

# WordNets name some languages by ISO 639-3 codes of their own, which data sets do not.
_CODES = {"arb": "ar", "cmn": "zh", "zsm": "ms"}


@dataclass(frozen=True)
class Lexical(Augmenter):
    """Swaps words for synonyms; examples in other languages than those of the lexicons are passed over.

    Attributes:
        lexicons: synonyms by language, from `read_wordnet` or `lexicon.read_lexicon`.
        share: of the words with synonyms that are swapped, one at least.
        times: tries for each example.
    """

    lexicons: Mapping[str, Lexicon]
    share: float = 0.2
    times: int = 1

    def __call__(self, examples: Sequence[Example], rng: np.random.Generator) -> Iterator[Example]:
        for example in examples:
            lexicon = for_language(self.lexicons, example.language)
            for _ in range(self.times if lexicon else 0):
                yield from replaced(example, lexicon, self.share, rng)


def read_wordnet(source: str | Path) -> dict[str, Lexicon]:
    """The synonyms of a WordNet by language: the other words of all synsets that a word is in.

    Args:
        source: what `wn` reads: a WN-LMF file, plain or packed (.xml, .xml.gz, .tar.xz), a folder with one,
            or a folder of such folders, as the Open Multilingual Wordnet comes.

    Raises:
        DataError: there is nothing of the kind.
        MissingExtraError: the package `wn` is not installed.
    """
    project = require("wn.project", "augment")
    lmf = require("wn.lmf", "augment")
    synonyms: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    try:
        for package in project.iterpackages(source):
            if package.type == "wordnet":
                for lexicon in lmf.load(package.resource_file(), progress_handler=None)["lexicons"]:
                    code = lexicon["language"].split("-")[0]
                    _collect(lexicon, synonyms[_CODES.get(code, code)])
    except Exception as error:  # wn raises its own errors, and those of XML, tar and assert for bad files
        raise _unreadable(source, f"{type(error).__name__}: {error}") from error
    found = {
        language: {word: tuple(others) for word, others in known.items()}
        for language, known in synonyms.items()
        if known
    }
    if not found:
        raise _unreadable(source, "it holds no synonyms")
    return found


def _collect(lexicon: Mapping, synonyms: dict[str, dict[str, None]]) -> None:
    synsets: dict[str, list[str]] = defaultdict(list)
    for entry in lexicon.get("entries", []):
        for sense in entry.get("senses", []):
            synsets[sense["synset"]].append(entry["lemma"]["writtenForm"])
    for lemmas in synsets.values():
        for word in lemmas:
            for other in lemmas:
                if other.casefold() != word.casefold():
                    synonyms[word.casefold()][other] = None


def _unreadable(source: str | Path, reason: str) -> DataError:
    return DataError(
        f"there is no WordNet in {source}: {reason}",
        expected="a WN-LMF file or a folder of them",
        fix="fetch one with `python -c \"import wn; print(wn.download('omw-fr:1.4', add=False))\"`, which "
        "prints where it lies; `python -c \"import wn; print(*wn.projects(), sep='\\n')\"` lists them all",
    )
