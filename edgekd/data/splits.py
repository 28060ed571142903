"""What dev and test may hold: only labels that train has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from edgekd.data.examples import Dataset, Example
from edgekd.errors import LabelError


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
