"""The page's sections on quality: what was kept by language, metrics, labels, confusions, examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgekd.bench.figures import percent
from edgekd.bench.gate import FEWEST_EXAMPLES
from edgekd.bench.pages import charts
from edgekd.bench.pages.html import folded, name, row, table
from edgekd.bench.pages.readings import difference_cards
from edgekd.bench.verdict import METRIC_NAMES, Report, first_runtime, first_target, main_metric
from edgekd.metrics import distillation_ratio

_DIFFERENCES_SHOWN, _LABELS_SHOWN = 6, 8

Pick = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def retention(report: Report) -> str:
    """A bar per language with its interval, the weakest first; without a teacher the score itself."""
    (runtime_name, runtime), metric = first_runtime(report), main_metric(report)
    counts = report["data"]["examples"]
    kept = runtime["retention"]
    shown, spread = (
        (kept, runtime["retention_intervals"]) if kept else (runtime["scores"], runtime["score_intervals"])
    )
    values = {language: shown["by_language"][language][metric] for language in counts}
    everywhere = {"all": shown["overall"][metric]} if len(values) > 1 else {}
    order = everywhere | dict(sorted(values.items(), key=lambda item: (item[1] is None, item[1])))
    intervals = {
        language: (spread["overall"] if language in everywhere else spread["by_language"][language])[metric]
        for language in order
    }
    top = max([1.0, *(one[1] for one in intervals.values() if one)])
    checks = {
        check["language"]: check
        for check in (report["gate"] or {}).get("checks", ())
        if (check["target"], check["runtime"]) == (first_target(report)[0], runtime_name)
        and check["metric"] == metric
    }
    if len(values) == 1:  # which is judged as a whole
        checks = {language: checks["all"] for language in values if "all" in checks}
    rows = []
    common = checks.get("all", next(iter(checks.values()), None))
    if common:
        axis = charts.bar_axis(common["bar"] / top, "gate " + percent(common["bar"]))
        rows.append(row("", axis, '<span class="value"></span>'))
    for language, value in order.items():
        check = checks.get(language)
        kind = {"PASS": "pass", "FAIL": "fail", "UNSURE": "unsure"}.get(check and check["verdict"], "student")
        count = sum(counts.values()) if language in everywhere else counts[language]
        few = check and check["reason"].startswith("fewer")
        interval = intervals[language]
        drawn = charts.bar(
            (value or 0.0) / top,
            f"{language} {percent(value)}",
            kind=kind,
            line=check and check["bar"] / top,
            interval=interval and (interval[0] / top, interval[1] / top),
        )
        mark = {"pass": "✓", "fail": "✗", "unsure": "?"}.get(kind, "")
        label = name(language, f"{count:,} examples" + (", too few to judge" if few else ""))
        rows.append(row(label, drawn, f'<span class="value {kind}">{percent(value)} <i>{mark}</i></span>'))
    title = f"Kept of the teacher's {METRIC_NAMES[metric]}" if kept else METRIC_NAMES[metric].capitalize()
    note = (
        "Thin lines: where 95% of the values lie when the examples are drawn again (bootstrap over examples)."
        + (f" Fewer than {FEWEST_EXAMPLES} examples of a language are not judged." if checks else "")
    )
    bars = f'<div class="bars">{"".join(rows)}</div>'
    return f'<section><h2>{title}</h2>{bars}<p class="note">{note}</p></section>\n'


def metrics(report: Report) -> str:
    """Student, teacher, control and what follows from them; below, the same per language."""
    _, runtime = first_runtime(report)
    teacher, control = report["teacher"], report["control"]
    header = ["metric", "student", "95% interval"]
    header += ["teacher", "kept"] * bool(teacher) + ["control"] * bool(control)
    header += ["distillation ratio"] * bool(teacher and control)

    def cells(label: str, metric: str, pick: Pick) -> list[str]:
        ours = pick(runtime["scores"])[metric]
        low, high = pick(runtime["score_intervals"])[metric]
        found = [label, percent(ours), f"{percent(low)} – {percent(high)}"]
        if teacher:
            found += [percent(pick(teacher["scores"])[metric]), percent(pick(runtime["retention"])[metric])]
        if control:
            base = pick(control).get(metric)
            found.append(percent(base))
            if teacher:
                gained = (
                    None if base is None else distillation_ratio(ours, pick(teacher["scores"])[metric], base)
                )
                found.append("–" if gained is None else f"{gained:.2f}")
        return found

    names = list(runtime["scores"]["overall"])
    overall = table(
        header, [cells(METRIC_NAMES[metric], metric, lambda one: one["overall"]) for metric in names]
    )
    languages = list(report["data"]["examples"])
    each = ""
    if len(languages) > 1:
        tables = "".join(
            f"<h3>{METRIC_NAMES[metric]}</h3>"
            + table(
                ["language", *header[1:]],
                [
                    cells(one, metric, lambda scores, one=one: scores["by_language"].get(one, {}))
                    for one in languages
                ],
            )
            for metric in names
        )
        each = folded("Per language", tables)
    note = (
        "<p class='note'>Control: the same student, trained alike without the teacher. Distillation ratio: "
        "how much of the way from control to teacher the student went.</p>"
        if control
        else ""
    )
    return f"<section><h2>Quality</h2>{overall}{note}{each}</section>\n"


def labels(report: Report) -> str:
    """The labels and slots that the student finds worst beside its teacher."""
    parts = []
    for what, title in (("labels", "Labels"), ("slots", "Slots")):
        found = report["labels"][what]
        if not found:
            continue
        taught = found[0]["teacher"] is not None
        worst = sorted(
            found, key=lambda one: (one["student"] - (one["teacher"] if taught else 1)) * one["examples"]
        )
        header = [what[:-1], "examples", "student F1", *(["teacher F1"] if taught else [])]
        rows = [
            [one["name"], f"{one['examples']:,}", percent(one["student"])]
            + ([percent(one["teacher"])] if taught else [])
            for one in worst
        ]
        rest = rows[_LABELS_SHOWN:]
        more = folded(f"{len(rest)} more", table(header, rest)) if rest else ""
        parts.append(f"<h3>{title}</h3>{table(header, rows[:_LABELS_SHOWN])}{more}")
    note = "The first are those that cost most: the distance to the teacher times the examples."
    return (
        f"<section><h2>By label</h2>{''.join(parts)}<p class='note'>{note}</p></section>\n" if parts else ""
    )


def confusions(report: Report) -> str:
    """Which label the student takes for which."""
    found = report["confusions"]
    if not found:
        return ""
    taught = found[0]["teacher_times"] is not None
    header = ["expected", "student says", "times", *(["teacher does so"] if taught else [])]
    rows = [
        [one["expected"], one["said"], str(one["times"]), *([str(one["teacher_times"])] if taught else [])]
        for one in found
    ]
    return f"<section><h2>Worst confusions</h2>{table(header, rows)}</section>\n"


def differences(report: Report) -> str:
    """Examples that the teacher reads right and the student does not."""
    cards = difference_cards(report["differences"])
    if not cards:
        return ""
    first, rest = cards[:_DIFFERENCES_SHOWN], cards[_DIFFERENCES_SHOWN:]
    more = folded(f"{len(rest)} more", "".join(rest)) if rest else ""
    title = "Where the teacher is right and the student is not"
    return f"<section><h2>{title}</h2>{''.join(first)}{more}</section>\n"
