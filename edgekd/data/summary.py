"""What a data set holds, and what is wrong with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from edgekd.data.align import Offsets, tags_from_spans
from edgekd.data.examples import Dataset, Example
from edgekd.data.splits import unknown_labels
from edgekd.progress import Progress, silent

Tokenizer = Callable[[str], Offsets]
Counts = Mapping[str, Mapping[str, int]]

_SHOWN = 5


@dataclass(frozen=True)
class Lengths:
    """Percentiles of lengths; where one falls between two lengths, the longer."""

    p50: int
    p95: int
    p99: int
    longest: int

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Lengths:
        return cls(*map(int, np.percentile(lengths, [50, 95, 99, 100], method="higher")))


@dataclass(frozen=True)
class Repeats:
    """Examples whose text and language stand elsewhere too; `conflicts`: those with other labels or spans."""

    examples: int
    conflicts: int


@dataclass(frozen=True)
class Summary:
    """A data set in numbers.

    Attributes:
        examples: by split, by language.
        labels: examples by label, by split; and `slots`: spans by slot, by split.
        chars: lengths in code points by language.
        tokens: lengths in tokens by language: the maximum a student should see is chosen by them.
        spans: all spans.
        unreachable: spans that the tokens cannot express, by language; no student can get them right.
        unreachable_shown: a few of them, "words: slot in text".
        duplicates: examples that the same split has before, by split.
        leaks: examples of a later split that an earlier one has too, by "earlier in later".
        unknown: labels and slots that train lacks, by split.
        skipped: what the reader left out, by reason.
    """

    name: str
    task: str
    fingerprint: str
    examples: Counts
    labels: Counts
    slots: Counts
    chars: Mapping[str, Lengths]
    tokens: Mapping[str, Lengths]
    spans: int
    unreachable: Mapping[str, int]
    unreachable_shown: Sequence[str]
    duplicates: Mapping[str, Repeats]
    leaks: Mapping[str, Repeats]
    unknown: Counts
    skipped: Mapping[str, int]


def summarise(
    dataset: Dataset, tokenizer: Tokenizer | None = None, *, progress: Progress = silent
) -> Summary:
    """Count everything.

    Args:
        tokenizer: the tokens that lengths and unreachable spans are about; the students' own if None.
    """
    if tokenizer is None:
        from edgekd.text.tokens import tokenize as tokenizer
    splits = {split: dataset.splits[split] for split in _in_order(dataset.splits)}
    chars: dict[str, list[int]] = defaultdict(list)
    tokens: dict[str, list[int]] = defaultdict(list)
    unreachable: Counter[str] = Counter()
    shown: list[str] = []
    whole = [example for examples in splits.values() for example in examples]
    with progress("tokenizing", len(whole)) as advance:
        for example in whole:
            offsets = tokenizer(example.text)
            chars[example.language].append(len(example.text))
            tokens[example.language].append(len(offsets))
            for span in tags_from_spans(example.spans, offsets)[1]:
                unreachable[example.language] += 1
                if len(shown) < _SHOWN:
                    shown.append(f"{example.text[span.start : span.end]!r}: {span.slot} in {example.text!r}")
            advance(1)
    return Summary(
        name=dataset.name,
        task=str(dataset.task),
        fingerprint=dataset.fingerprint(),
        examples={
            split: _count(example.language for example in examples) for split, examples in splits.items()
        },
        labels=_by_split(splits, lambda example: example.labels),
        slots=_by_split(splits, lambda example: [span.slot for span in example.spans]),
        chars={language: Lengths.of(lengths) for language, lengths in sorted(chars.items())},
        tokens={language: Lengths.of(lengths) for language, lengths in sorted(tokens.items())},
        spans=sum(len(example.spans) for example in whole),
        unreachable=dict(unreachable),
        unreachable_shown=shown,
        duplicates={split: _duplicates(examples) for split, examples in splits.items()},
        leaks={f"{a} in {b}": _leaks(splits[a], splits[b]) for a, b in combinations(splits, 2)},
        unknown={split: dict(names) for split, names in unknown_labels(dataset).items()},
        skipped=dataset.skipped,
    )


def _in_order(splits: Iterable[str]) -> list[str]:
    """Train first, then dev, then test, then others."""
    usual = ("train", "dev", "test")
    return sorted(splits, key=lambda name: (usual.index(name) if name in usual else len(usual), name))


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _by_split(splits: Mapping[str, Sequence[Example]], names: Callable[[Example], Iterable[str]]) -> Counts:
    """How often each name occurs in each split; the most frequent first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for split, examples in splits.items():
        for example in examples:
            for name in names(example):
                counts[name][split] += 1
    return {
        name: dict(counts[name]) for name in sorted(counts, key=lambda name: (-counts[name].total(), name))
    }


def _answer(example: Example) -> tuple:
    return example.labels, example.spans


def _duplicates(examples: Sequence[Example]) -> Repeats:
    first: dict[tuple[str, str], tuple] = {}
    repeated = conflicts = 0
    for example in examples:
        key = example.text, example.language
        if key in first:
            repeated += 1
            conflicts += first[key] != _answer(example)
        else:
            first[key] = _answer(example)
    return Repeats(repeated, conflicts)


def _leaks(earlier: Sequence[Example], later: Sequence[Example]) -> Repeats:
    answers: dict[tuple[str, str], set[tuple]] = defaultdict(set)
    for example in earlier:
        answers[example.text, example.language].add(_answer(example))
    found = [
        _answer(example) not in answers[example.text, example.language]
        for example in later
        if (example.text, example.language) in answers
    ]
    return Repeats(len(found), sum(found))
