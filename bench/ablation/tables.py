"""What the figures of a study say."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from edgekd.bench.markdown import table as markdown_table
from edgekd.bench.verdict import METRIC_NAMES
from edgekd.data.readers.reading import is_wanted


def teachers(by_arm: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The first arm's teacher, and those of arms that have another: a name and its metrics.

    Names are in asterisks, since an arm may have the same.
    """
    usual = None
    for arm, by_seed in by_arm.items():
        one = next(iter(by_seed.values()))["teacher"]
        if usual is None:
            usual = one
            yield "*teacher*", one
        elif one != usual:
            yield f"*{arm}: teacher*", one


def rows(by_arm: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What was trained, by name: for each seed its metrics."""
    for arm, by_seed in by_arm.items():
        for model in ("student", "control"):
            runs = {seed: models[model] for seed, models in by_seed.items() if model in models}
            if runs:
                yield arm if model == "student" else f"{arm}: control", runs


def table(name: str, by_arm: Mapping[str, Any]) -> Table:
    """Of one data set: each arm's metrics, and what it is above the first arm on the seeds that both have."""
    teacher, base = first(by_arm)
    metrics = list(teacher["overall"])
    shown = Table("", "seeds", *metrics, "above the first", title=name, title_justify="left")
    for row, one in teachers(by_arm):
        shown.add_row(row, "", *(f"{100 * one['overall'][metric]:.1f}" for metric in metrics), "")
    for row, runs in rows(by_arm):
        gains = _gains(runs, base, metrics[-1])
        values = ([one["overall"][metric] for one in runs.values()] for metric in metrics)
        shown.add_row(row, str(len(runs)), *map(_spread, values), _spread(gains, sign="+") if gains else "")
    return shown


def table_by_language(name: str, by_arm: Mapping[str, Any], labelled: Sequence[str] = ()) -> Table:
    """Of one data set: the last metric of each arm, by language; `labelled` as for `by_language`."""
    metric = list(first(by_arm)[0]["overall"])[-1]
    header, *lines = by_language(by_arm, metric, labelled)
    shown = Table(*header, title=f"{name}, {metric}", title_justify="left")
    for line in lines:
        shown.add_row(*line)
    return shown


def by_language(by_arm: Mapping[str, Any], metric: str, labelled: Sequence[str] = ()) -> Iterator[list[str]]:
    """A metric of each arm by language: a header, and the rows.

    Args:
        labelled: languages with labels, if not all; the means over them and over the others come first.
    """
    languages = list(first(by_arm)[0]["by_language"])
    groups = {language: [language] for language in languages}
    if labelled:
        seen = [language for language in languages if is_wanted(language, labelled)]
        unseen = [language for language in languages if language not in seen]
        groups = {"with labels": seen, "without": unseen, **groups}

    def cells(models: Collection[Mapping[str, Any]]) -> list[str]:
        return [
            _spread([statistics.mean(one["by_language"][each][metric] for each in some) for one in models])
            for some in groups.values()
        ]

    yield ["", *groups]
    for row, one in teachers(by_arm):
        yield [row, *cells([one])]
    for row, runs in rows(by_arm):
        yield [row, *cells(runs.values())]


def as_markdown(
    found: Mapping[str, Mapping[str, Any]], labelled: Mapping[str, Sequence[str]] | None = None
) -> str:
    """All tables of a study; `labelled` by data set, as for `by_language`."""
    parts = [_of_all(found)]
    for name, by_arm in found.items():
        teacher, _ = first(by_arm)
        for metric in teacher["overall"] if "by_language" in teacher else ():
            header, *lines = by_language(by_arm, metric, (labelled or {}).get(name, ()))
            parts.append(f"{name}, {METRIC_NAMES[metric]} by language:")
            parts.append(markdown_table(header, lines, numbers=True))
    return "\n\n".join(parts)


def _of_all(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Of all data sets one table: what the first arm has, and what the others have above it, seed by seed.

    Where there are several data sets, the last column has the mean of these gains over them and its standard
    error, for what has runs on all.
    """
    header, seeds, cells = ["", "seeds"], {}, defaultdict(dict)
    gained: dict[str, list[float]] = defaultdict(list)
    for name, by_arm in found.items():
        teacher, base = first(by_arm)
        metric = list(teacher["overall"])[-1]
        header.append(f"{name}, {METRIC_NAMES[metric]}")
        for row, one in teachers(by_arm):
            seeds[row] = 0
            cells[row][name] = f"{100 * one['overall'][metric]:.1f}"
        for row, runs in rows(by_arm):
            seeds[row] = max(seeds.get(row, 0), len(runs))
            gains = _gains(runs, base, metric) if row != next(iter(by_arm)) else []
            values = [one["overall"][metric] for one in runs.values()]
            cells[row][name] = _spread(gains, sign="+") if gains else _spread(values)
            if gains:
                gained[row].append(100 * statistics.mean(gains))
    lines = []
    for row, count in seeds.items():
        line = [row, str(count or ""), *(cells[row].get(name, "") for name in found)]
        lines.append([*line, _mean(gained[row], len(found))] if len(found) > 1 else line)
    return markdown_table([*header, "mean"] if len(found) > 1 else header, lines, numbers=True)


def _mean(gains: Sequence[float], sets: int) -> str:
    """Of gains on so many data sets, with its standard error; nothing where some lack."""
    if len(gains) < sets:
        return ""
    return f"{statistics.mean(gains):+.1f} ± {statistics.stdev(gains) / sets**0.5:.1f}"


def _gains(runs: Mapping[str, Any], base: Mapping[str, Any], metric: str) -> list[float]:
    """Of what was trained, what it has above the first arm with the seeds that both have."""
    return [
        one["overall"][metric] - base[seed]["overall"][metric] for seed, one in runs.items() if seed in base
    ]


def first(by_arm: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The metrics of the teacher, and of the first arm's student by seed."""
    by_seed = next(iter(by_arm.values()))
    _, teacher = next(teachers(by_arm))
    return teacher, {seed: one["student"] for seed, one in by_seed.items()}


def _spread(shares: Sequence[float], sign: str = "") -> str:
    values = [100 * share for share in shares]
    mean = f"{statistics.mean(values):{sign}.1f}"
    return f"{mean} ± {statistics.stdev(values):.1f}" if len(values) > 1 else mean
