from __future__ import annotations

import pytest

from edgekd.data.examples import Dataset, Example, LabelSet, Span, Task
from edgekd.data.splits import (
    check_splits,
    drop_unknown_labels,
    require_train_and_dev,
    unknown_labels,
    with_train_languages,
)
from edgekd.errors import DataError, LabelError


def dataset(*dev: Example) -> Dataset:
    train = [Example("a", labels=("x",), spans=(Span(0, 1, "s"),))]
    return Dataset("demo", Task.JOINT, {"train": train, "dev": list(dev)}, LabelSet.of(train))


known = Example("b", labels=("x",))
label = Example("c", labels=("y",))
slot = Example("d", labels=("x",), spans=(Span(0, 1, "t"),))


def test_labels_that_train_lacks_are_named_and_counted():
    data = dataset(known, label, label, slot)
    assert unknown_labels(data) == {"dev": {"y": 2, "t": 1}}
    with pytest.raises(LabelError, match=r"dev: 'y' \(2\), 't' \(1\)"):
        check_splits(data)


def test_they_can_be_dropped():
    data = drop_unknown_labels(dataset(known, label, slot))
    check_splits(data)
    assert data.splits["dev"] == [known]
    assert data.skipped == {"label not in train (dev)": 2}


def test_labels_in_some_languages_alone():
    train = [Example("a", "en-US", ("x",)), Example("b", "de-AT", ("y",)), Example("c", "de-DE", ("z",))]
    dev = [Example("d", "en-US", ("x",)), Example("e", "de-AT", ("y",))]
    splits = {"train": train, "dev": dev}
    data = Dataset("demo", Task.CLASSIFICATION, splits, LabelSet.of(train))
    some = with_train_languages(data, ["de"])
    assert (some.splits["train"], some.splits["dev"]) == (train[1:], dev)
    assert some.labels.labels == ("y", "z")
    assert with_train_languages(data, ["de-AT", "en"]).splits["train"] == train[:2]
    with pytest.raises(DataError, match="nothing in d"):
        with_train_languages(data, ["en", "d"])


def test_nothing_is_dropped_where_all_is_known():
    data = dataset(known)
    check_splits(data)
    assert drop_unknown_labels(data) == data


@pytest.mark.parametrize("dev", [[], None])
def test_a_missing_or_empty_split_is_named(dev):
    data = dataset(known)
    require_train_and_dev(data)
    splits = {"train": data.splits["train"]} | ({} if dev is None else {"dev": dev})
    with pytest.raises(DataError, match="no dev split"):
        require_train_and_dev(Dataset("demo", Task.JOINT, splits, data.labels))
