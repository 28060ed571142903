"""Hugging Face data sets, saved with save_to_disk or named on the hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from edgekd.data.readers.reading import SPLITS, WHOLE, Reading
from edgekd.data.readers.rows import Columns, RowReader
from edgekd.errors import DataError
from edgekd.extras import require

_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(:[\w.-]+)?")


def is_saved(folder: Path) -> bool:
    """Whether save_to_disk wrote the folder."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def is_hub_name(source: str) -> bool:
    """Whether it looks like owner/name or owner/name:configuration."""
    return _HUB_NAME.fullmatch(source) is not None


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read a saved data set, or fetch one by its hub name; numbered classes and tags get their names."""
    for split, rows in _splits(source).items():
        reader = RowReader.of(list(rows.column_names), columns, f"{source} ({split})")
        names = {column: found for column, feature in rows.features.items() if (found := _names(feature))}
        for number, row in enumerate(rows):
            for column, of_class in names.items():
                row[column] = _named(row[column], of_class)
            if reader.label in names and row[reader.label] is None:
                reading.skipped["no label"] += 1
                continue
            reading.add(SPLITS.get(split, split), reader.example(row, f"{source} ({split}) row {number}"))


def _splits(source: Path) -> dict[str, Any]:
    datasets = require("datasets", "data")
    try:
        if source.is_dir():
            data = datasets.load_from_disk(str(source))
        else:
            name, _, configuration = source.as_posix().partition(":")
            data = datasets.load_dataset(name, configuration or None)
    except Exception as error:  # the library raises many kinds, none of them documented
        raise DataError(
            f"cannot load the Hugging Face data set {source}: {error}",
            expected="a folder written by save_to_disk, or owner/name or owner/name:configuration on the hub",
        ) from error
    return dict(data) if isinstance(data, datasets.DatasetDict) else {WHOLE: data}


def _names(feature: Any) -> list[str] | None:
    """The class names of a ClassLabel feature or of a list of them."""
    inner = getattr(feature, "feature", feature)
    return getattr(inner, "names", None)


def _named(value: Any, names: list[str]) -> Any:
    """Numbers as names; -1, by which the library says that a label is unknown, as None."""
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    return None if value is None or value < 0 else names[value]
