"""CLINC150's data.json: {"train": [[text, intent], ...], "val": ..., "oos_train": ..., "oos_val": ...}.

Larson et al., "An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction", EMNLP 2019.
"""

from __future__ import annotations

import json
from pathlib import Path

from edgekd.data.examples import Example
from edgekd.data.readers.reading import SPLITS, Reading, lines
from edgekd.data.readers.rows import Columns
from edgekd.errors import DataError

FILE_NAME = "data.json"


def read(source: Path, columns: Columns, reading: Reading) -> None:
    """Read all splits; out-of-scope texts join the split they belong to, with their label "oos"."""
    path = source / FILE_NAME if source.is_dir() else source
    form = 'an object of splits, each a list of ["text", "intent"]'
    try:
        content = json.loads("\n".join(line for _, line in lines(path)))
        splits = {name: [(text, intent) for text, intent in pairs] for name, pairs in content.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not CLINC's data.json: {error}", expected=form) from None
    for name, pairs in splits.items():
        split = name.removeprefix("oos_")
        for text, intent in pairs:
            reading.add(SPLITS.get(split, split), Example(str(text), "en", (str(intent),)))
