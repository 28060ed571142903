"""The splits that training needs: a dev split, and no labels in it that train lacks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from edgekd.data.examples import Dataset, Example, LabelSet
from edgekd.data.readers.reading import is_wanted
from edgekd.errors import DataError, LabelError

HELD_OUT_SHARE = 0.1


def with_dev(dataset: Dataset) -> Dataset:
    """The data set with a dev split: its own, or a tenth of its training examples.

    Whether an example is held out depends on its text alone, so that every stage holds out the same ones and
    repetitions of a text stay together.
    """
    source = next((name for name in ("train", "all") if dataset.splits.get(name)), None)
    if "dev" in dataset.splits or source is None:
        return dataset
    parts: dict[bool, list[Example]] = {False: [], True: []}
    for example in dataset.splits[source]:
        digest = hashlib.sha256(example.text.encode("utf-8", "surrogatepass")).digest()
        parts[int.from_bytes(digest[:4]) < HELD_OUT_SHARE * 2**32].append(example)
    others = {name: split for name, split in dataset.splits.items() if name != source}
    splits = {name: split for name, split in (("train", parts[False]), ("dev", parts[True])) if split}
    return replace(dataset, splits={**splits, **others}, labels=LabelSet.of(parts[False]))


def with_train_languages(dataset: Dataset, languages: Sequence[str]) -> Dataset:
    """The data set with labels in these languages alone: of train, only their examples stay.

    Args:
        languages: "de" stands for "de-DE" too.

    Raises:
        DataError: train has nothing in one of them.
    """
    train = dataset.splits.get("train", ())
    for language in languages:
        if not any(is_wanted(example.language, [language]) for example in train):
            raise DataError(
                f"the train split of {dataset.name} has nothing in {language}",
                expected=f"languages among {', '.join(sorted({example.language for example in train}))}",
            )
    kept = [example for example in train if is_wanted(example.language, languages)]
    return replace(dataset, splits={**dataset.splits, "train": kept}, labels=LabelSet.of(kept))


def require_train_and_dev(dataset: Dataset) -> None:
    """Raise DataError if the train or the dev split is missing or empty."""
    for split in ("train", "dev"):
        if not dataset.splits.get(split):
            raise DataError(
                f"{dataset.name} has no {split} split, only {', '.join(dataset.splits) or 'nothing'}",
                expected="a train split to learn from and a dev split to judge by",
                fix="put train and dev files into one folder and give that",
            )


def unknown_labels(dataset: Dataset) -> dict[str, Counter[str]]:
    """Labels and slots that the train split lacks, and how many examples hold each, by split that has any."""
    found = {}
    for split, examples in dataset.splits.items():
        names = Counter(name for example in examples for name in _unknown(dataset, example))
        if names:
            found[split] = names
    return found


def check_splits(dataset: Dataset) -> None:
    """Raise LabelError, naming them, if a split has labels or slots that train lacks."""
    unknown = unknown_labels(dataset)
    if unknown:
        listed = "; ".join(
            f"{split}: " + ", ".join(f"{name!r} ({count})" for name, count in names.most_common())
            for split, names in unknown.items()
        )
        raise LabelError(
            f"{dataset.name} has labels that its train split lacks (examples in brackets): {listed}",
            expected="every label of dev and test in train too: a model cannot give a label it never saw",
            fix="add such examples to train, correct them, or drop them with --drop-unknown-labels",
        )


def drop_unknown_labels(dataset: Dataset) -> Dataset:
    """The data set without the examples whose labels or slots train lacks; they count as skipped."""
    splits = {
        split: [example for example in examples if not _unknown(dataset, example)]
        for split, examples in dataset.splits.items()
    }
    skipped = dict(dataset.skipped)
    for split, examples in dataset.splits.items():
        if dropped := len(examples) - len(splits[split]):
            skipped[f"label not in train ({split})"] = dropped
    return replace(dataset, splits={split: kept for split, kept in splits.items() if kept}, skipped=skipped)


def _unknown(dataset: Dataset, example: Example) -> set[str]:
    labels = set(example.labels) - set(dataset.labels.labels)
    return labels | ({span.slot for span in example.spans} - set(dataset.labels.slots))
