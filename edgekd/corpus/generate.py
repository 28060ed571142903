"""Drawing the corpus from the grammars: splits that share no text, held-out values and templates."""

from __future__ import annotations

import json
import math
import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekd.corpus.grammar import Grammar, languages, load
from edgekd.corpus.utter import utter
from edgekd.data.examples import Example
from edgekd.errors import UsageError
from edgekd.files import write_text

UNLABELLED = "unlabelled"

_HELD_OUT_VALUES = 0.2
_HELD_OUT_TEMPLATES = 1  # of each intent
_ATTEMPTS = 100  # draws for one new text before an intent is given up as exhausted


@dataclass(frozen=True)
class Sizes:
    """Utterances of each language, by split."""

    train: int = 300
    dev: int = 70
    test: int = 70
    unlabelled: int = 400


def generate(
    seed: int = 0, *, wanted: Sequence[str] | None = None, sizes: Sizes | None = None
) -> dict[str, list[Example]]:
    """The corpus: "train", "dev", "test", and "unlabelled" with text and language only.

    The same arguments give the same corpus. No two texts are the same but for case and punctuation. A fifth
    of the values of each slot and a template of each intent are not in train; the other splits use all.

    Args:
        wanted: languages, all if None.
        sizes: utterances of each language; fewer where a grammar has no more to say.
    """
    sizes = sizes or Sizes()
    wanted = wanted or languages()
    unknown = sorted(set(wanted) - set(languages()))
    if unknown:
        raise UsageError(
            f"there is no grammar for {', '.join(unknown)}",
            expected=f"languages among {', '.join(languages())}",
        )
    corpus: dict[str, list[Example]] = {"train": [], "dev": [], "test": [], UNLABELLED: []}
    for language in wanted:
        grammar = load(language)
        chance = random.Random(f"{seed} {language}")
        common = _without_held_out(grammar, chance)
        taken: set[str] = set()
        # The small splits come first, so that train cannot exhaust the intents with little to say.
        corpus["test"] += _draw_all(grammar, sizes.test, taken, chance)
        corpus["dev"] += _draw_all(grammar, sizes.dev, taken, chance)
        corpus["train"] += _draw_all(common, sizes.train, taken, chance)
        corpus[UNLABELLED] += [
            Example(example.text, language) for example in _draw_all(grammar, sizes.unlabelled, taken, chance)
        ]
    return corpus


def write(corpus: Mapping[str, Sequence[Example]], out: Path) -> None:
    """Write a JSONL file per split, in the format that `edgekd.data.readers.jsonl` reads."""
    for split, examples in corpus.items():
        rows = (_row(example) for example in examples)
        write_text(
            out / f"{split}.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        )


def _row(example: Example) -> dict:
    row: dict = {"text": example.text, "language": example.language}
    if example.labels:
        row["label"] = example.labels[0]
        row["spans"] = [{"start": span.start, "end": span.end, "slot": span.slot} for span in example.spans]
    return row


def _without_held_out(grammar: Grammar, chance: random.Random) -> Grammar:
    """The part of a grammar that train may use."""

    def keep(items: list, held_out: int) -> list:
        out = set(chance.sample(range(len(items)), held_out))
        return [item for index, item in enumerate(items) if index not in out]

    slots = {
        name: keep(values, math.ceil(_HELD_OUT_VALUES * len(values)))
        for name, values in grammar.slots.items()
    }
    intents = {name: keep(templates, _HELD_OUT_TEMPLATES) for name, templates in grammar.intents.items()}
    return Grammar(
        grammar.language, slots, intents, grammar.before, grammar.after, grammar.stop, grammar.space
    )


def _draw_all(grammar: Grammar, size: int, taken: set[str], chance: random.Random) -> list[Example]:
    """`size` utterances that are not taken yet, the intents in turn; fewer if the grammar is exhausted."""
    examples: list[Example] = []
    intents = list(grammar.intents)
    while len(examples) < size and intents:
        intent = intents.pop(0)
        for _ in range(_ATTEMPTS):
            example = utter(grammar, intent, chance)
            if _letters(example.text) not in taken:
                taken.add(_letters(example.text))
                examples.append(example)
                intents.append(intent)
                break
    chance.shuffle(examples)
    return examples


def _letters(text: str) -> str:
    """What makes a text another one: not case, spaces or punctuation."""
    return "".join(char for char in text.casefold() if char.isalnum() or unicodedata.category(char)[0] == "M")
