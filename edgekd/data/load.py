"""From a file, a folder or a name to a data set; format and task are found out where they are not given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edgekd.data.examples import Dataset, Example, LabelSet, Task
from edgekd.data.readers import READERS, detect, jsonl, table, text
from edgekd.data.readers.reading import Reading, files_of, suffix
from edgekd.data.readers.rows import Columns, RowReader
from edgekd.errors import DataError, UsageError

__all__ = ["Columns", "load_dataset", "read_texts"]


def load_dataset(
    source: str,
    *,
    format: str | None = None,
    task: Task | None = None,
    columns: Columns | None = None,
    languages: Sequence[str] | None = None,
) -> Dataset:
    """Read labelled data.

    Args:
        source: a file, a folder with a file or folder per split, or the name of a Hugging Face data set.
        format: a key of `edgekd.data.readers.READERS`; detected if None.
        task: what the data is read for; if None, joint where there are spans and labels, tagging where there
            are only spans, multi-label where some example has no or several labels, else classification.
        columns: which columns hold what, for formats with named columns.
        languages: keep only these; "de" keeps "de-DE" too.

    Raises:
        DataError: it cannot be read, holds no examples, or not what the task needs.
        UsageError: there is no such format.
    """
    if format is not None and format not in READERS:
        raise UsageError(f"there is no format {format!r}", expected=f"one of {', '.join(READERS)}")
    path = Path(source)
    if format != "huggingface" and not path.exists():
        format = detect(source)
    reading = Reading(languages=tuple(languages or ()))
    READERS[format or detect(source)](path, columns or Columns(), reading)
    splits = {name: examples for name, examples in reading.splits.items() if examples}
    if not splits:
        raise _nothing(source, reading)
    task = task or infer_task(example for examples in splits.values() for example in examples)
    splits = {
        name: [_fit(example, task, source) for example in examples] for name, examples in splits.items()
    }
    whole = [example for examples in splits.values() for example in examples]
    labels = LabelSet.of(splits.get("train", whole))
    if task.has_slots and not labels.slots:
        raise DataError(f"{source} has no slots", expected=f"spans or BIO tags for the task {task}")
    if task.has_labels and not labels.labels:
        raise DataError(f"{source} has no labels", expected=f"labels for the task {task}")
    return Dataset(path.resolve().name.split(".")[0] or source, task, splits, labels, dict(reading.skipped))


def infer_task(examples: Iterator[Example]) -> Task:
    """The task that examples are labelled for."""
    spans = labels = several = False
    for example in examples:
        spans = spans or bool(example.spans)
        labels = labels or bool(example.labels)
        several = several or len(example.labels) != 1
    if spans:
        return Task.JOINT if labels else Task.TAGGING
    return Task.MULTILABEL if several else Task.CLASSIFICATION


def read_texts(
    source: str, *, columns: Columns | None = None, languages: Sequence[str] | None = None
) -> list[tuple[str, str]]:
    """Read text for labelling by a teacher: (text, language) in the order of the files.

    Args:
        source: a .txt file with one text a line, a JSONL or CSV file with a column of text, each also with
            .gz, or a folder of such files. The language is the row's, or the name of the file (en.txt.gz).
        columns: which columns hold what.
        languages: keep only these; "de" keeps "de-DE" too.
    """
    path = Path(source)
    suffixes = (*text.SUFFIXES, *jsonl.SUFFIXES, *table.SUFFIXES)
    if not path.exists():
        raise DataError(
            f"there is no file or folder {source}", expected=f"a file or folder of {', '.join(suffixes)}"
        )
    reading = Reading(languages=tuple(languages or ()))
    texts = []
    for file in files_of(path, suffixes):
        if suffix(file) in text.SUFFIXES and not reading.wants(text.language_of(file)):
            continue
        texts += [
            (words, language)
            for words, language in _texts(file, columns or Columns())
            if words.strip() and reading.wants(language)
        ]
    if not texts:
        raise _nothing(source, reading)
    return texts


def _texts(file: Path, columns: Columns) -> Iterator[tuple[str, str]]:
    if suffix(file) in text.SUFFIXES:
        yield from text.read(file)
        return
    rows = table.table_rows(file) if suffix(file) in table.SUFFIXES else jsonl.json_rows(file)
    columns = Columns(text=columns.text, language=columns.language)
    reader = None
    for where, row in rows:
        if reader is None:
            reader = RowReader.of(list(row), columns, str(file), labelled=False)
            reader = replace(reader, label=None, spans=None, tags=None)
        example = reader.example(row, where, text.language_of(file))
        yield example.text, example.language


def _fit(example: Example, task: Task, source: str) -> Example:
    """The part of an example that the task is about."""
    if task.has_labels and task is not Task.MULTILABEL and len(example.labels) != 1:
        raise DataError(
            f"{source}: {example.text[:60]!r} has the labels {list(example.labels)}",
            expected=f"exactly one label for the task {task}",
            fix="read it as multilabel or tagging with --task, or correct the data",
        )
    return replace(
        example,
        labels=example.labels if task.has_labels else (),
        spans=example.spans if task.has_slots else (),
    )


def _nothing(source: str, reading: Reading) -> DataError:
    if reading.languages and reading.seen:
        return DataError(
            f"{source} has nothing in {', '.join(reading.languages)}",
            expected=f"languages among {', '.join(sorted(reading.seen))}",
        )
    reasons = ", ".join(f"{count} with {reason}" for reason, count in reading.skipped.items())
    return DataError(f"{source} holds no examples" + (f": skipped {reasons}" if reasons else ""))
