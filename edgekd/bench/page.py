"""report.html: one self-contained page drawn from report.json, without scripts and without the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from edgekd.bench import charts
from edgekd.bench.figures import microseconds, milliseconds, percent, size, times
from edgekd.bench.readings import difference_cards
from edgekd.bench.runner.machine import is_busy
from edgekd.bench.verdict import BUSY, METRIC_NAMES, Report, first_runtime, headline, main_metric
from edgekd.metrics import distillation_ratio

_DIFFERENCES_SHOWN = 6


def render(report: Report) -> str:
    """The page as HTML."""
    style = files("edgekd.bench").joinpath("page.css").read_text("utf-8")
    sections = [
        _head(report),
        _verdict(report),
        _tiles(report),
        _retention(report),
        _metrics(report),
        _latency(report),
    ]
    sections += [_cost(report), _differences(report), _machine(report), _repeat(report)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(report['bundle']['name'])}: edgekd bench</title>\n"
        f"<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(sections)}</main>\n</body>\n</html>\n"
    )


def _head(report: Report) -> str:
    data, bundle = report["data"], report["bundle"]
    examples = sum(data["examples"].values())
    languages = len(data["examples"])
    facts = [
        f"{bundle['task']}, {bundle['labels']} labels"
        + (f", {bundle['slots']} slots" if bundle["slots"] else ""),
        f"{data['name']} {data['split']}: {examples:,} examples"
        + (f" in {languages} languages" if languages > 1 else f" ({next(iter(data['examples']))})"),
        report["machine"]["time"].replace("T", " ").replace("+00:00", " UTC"),
    ]
    listed = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    title = escape(bundle["name"])
    return f'<header><p class="brand">edgekd bench</p><h1>{title}</h1><ul>{listed}</ul></header>\n'


def _verdict(report: Report) -> str:
    kind, head, sentence = headline(report)
    return (
        f'<section class="verdict {kind}">{charts.icon(kind)}<div><h2>{escape(head)}</h2>'
        f"<p>{escape(sentence)}</p></div></section>\n"
    )


def _tiles(report: Report) -> str:
    runtime, teacher, metric = first_runtime(report), report["teacher"], main_metric(report)
    latency, cold = runtime["latency"], runtime["cold"]
    slower = teacher and teacher["latency"] and teacher["latency"]["p50_us"] / latency["p50_us"]
    smaller = teacher and teacher["bytes"] and teacher["bytes"] / runtime["bytes"]
    score = runtime["scores"]["overall"][metric]
    tiles = [
        (
            METRIC_NAMES[metric],
            percent(score),
            f"teacher {percent(teacher['scores']['overall'][metric])}" if teacher else "no teacher given",
        ),
        (
            "file",
            size(runtime["bytes"]),
            f"{times(smaller)} smaller than the teacher" if smaller else runtime["file"],
        ),
        (
            "text to labels, p50",
            microseconds(latency["p50_us"]),
            f"{times(slower)} faster than the teacher"
            if slower
            else f"p99 {microseconds(latency['p99_us'])}",
        ),
        ("first answer", milliseconds(cold["process_to_answer_ms"]), "from the start of a process"),
        ("memory", size(cold["peak_rss_bytes"]), "peak, above the bare runtime"),
    ]
    cells = "".join(
        f'<div class="tile"><p>{escape(name)}</p><strong>{escape(value)}</strong>'
        f"<small>{escape(note)}</small></div>"
        for name, value, note in tiles
    )
    return f'<section class="tiles">{cells}</section>\n'


def _retention(report: Report) -> str:
    """A bar per language, the weakest first; without a teacher the score itself."""
    runtime, metric, gate = first_runtime(report), main_metric(report), report["gate"]
    counts = report["data"]["examples"]
    kept = runtime["retention"]
    shown = kept or runtime["scores"]
    values = {language: shown["by_language"][language][metric] for language in counts}
    everywhere = {"all": shown["overall"][metric]} if len(values) > 1 else {}
    order = everywhere | dict(sorted(values.items(), key=lambda item: (item[1] is None, item[1])))
    top = max([1.0, *(value for value in order.values() if value is not None)])
    line = gate["min_retention"] / top if gate else None
    states = {
        check["language"]: check["status"]
        for check in (gate["checks"] if gate else ())
        if check["metric"] == metric and check["runtime"] == next(iter(report["runtimes"]))
    }
    if len(values) == 1:  # which is then judged as a whole
        states = dict.fromkeys(values, states.get("all", ""))
    rows = []
    if line is not None:
        axis = charts.bar_axis(line, "gate " + percent(gate["min_retention"]))
        rows.append(_row("", axis, '<span class="value"></span>'))
    for language, value in order.items():
        state = states.get(language, "")
        kind = {"passed": "pass", "failed": "fail", "too few examples": "few"}.get(state, "student")
        count = sum(counts.values()) if language == "all" else counts[language]
        detail = f"{count:,} examples" + (", too few to judge" if kind == "few" else "")
        drawn = charts.bar((value or 0.0) / top, f"{language} {percent(value)}", kind=kind, line=line)
        mark = {"pass": "✓", "fail": "✗"}.get(kind, "")
        rows.append(
            _row(
                _name(language, detail),
                drawn,
                f'<span class="value {kind}">{percent(value)} <i>{mark}</i></span>',
            )
        )
    title = f"Kept of the teacher's {METRIC_NAMES[metric]}" if kept else METRIC_NAMES[metric].capitalize()
    few = (
        f"<p class='note'>A language with fewer than {gate['fewest_examples']} examples is shown and not "
        "judged: there, one example moves the figure by more than a point.</p>"
        if gate and "too few examples" in states.values()
        else ""
    )
    return f'<section><h2>{title}</h2><div class="bars">{"".join(rows)}</div>{few}</section>\n'


def _metrics(report: Report) -> str:
    """Student, teacher, control and what follows from them; below, the same per language."""
    runtime = first_runtime(report)
    teacher, control = report["teacher"], report["control"]
    header = ["metric", "student"] + ["teacher", "kept"] * bool(teacher) + ["control"] * bool(control)
    header += ["distillation ratio"] * bool(teacher and control)

    def row(name: str, metric: str, pick: Any) -> list[str]:
        ours = pick(runtime["scores"])[metric]
        cells = [name, percent(ours)]
        if teacher:
            cells += [percent(pick(teacher["scores"])[metric]), percent(pick(runtime["retention"])[metric])]
        if control:
            base = pick(control).get(metric)
            cells.append(percent(base))
            if teacher:
                gained = (
                    None if base is None else distillation_ratio(ours, pick(teacher["scores"])[metric], base)
                )
                cells.append("–" if gained is None else f"{gained:.2f}")
        return cells

    metrics = list(runtime["scores"]["overall"])
    overall = _table(
        header, [row(METRIC_NAMES[metric], metric, lambda one: one["overall"]) for metric in metrics]
    )
    languages = list(report["data"]["examples"])
    each = ""
    if len(languages) > 1:
        tables = "".join(
            f"<h3>{METRIC_NAMES[metric]}</h3>"
            + _table(
                ["language", *header[1:]],
                [
                    row(one, metric, lambda scores, one=one: scores["by_language"].get(one, {}))
                    for one in languages
                ],
            )
            for metric in metrics
        )
        each = f"<details><summary>Per language</summary>{tables}</details>"
    note = (
        "<p class='note'>Control: the same student, trained alike without the teacher. Distillation ratio: "
        "how much of the way from control to teacher the student went.</p>"
        if control
        else ""
    )
    return f"<section><h2>Quality</h2>{overall}{note}{each}</section>\n"


def _latency(report: Report) -> str:
    teacher = report["teacher"]
    timed = {name: (one["latency"], "student") for name, one in report["runtimes"].items()}
    if teacher and teacher["latency"]:
        timed["teacher"] = (teacher["latency"], "teacher")
    scale = charts.LogScale.over([latency["histogram"] for latency, _ in timed.values()])
    rows = []
    for name, (latency, kind) in timed.items():
        marks = {f"p{share}": latency[f"p{share}_us"] for share in (50, 99)}
        label = f"{name}: median {microseconds(latency['p50_us'])}"
        drawn = charts.ridge(latency["histogram"], scale, marks, label, kind)
        rows.append(_row(_name(name, f"p50 {microseconds(latency['p50_us'])}"), drawn))
    rows.append(_row("", charts.log_axis(scale, {tick: _round_microseconds(tick) for tick in scale.ticks()})))
    table = _table(
        ["", "p50", "95% interval", "p90", "p99", "max", "calls"],
        [
            [
                name,
                microseconds(one["p50_us"]),
                " – ".join(microseconds(end) for end in one["p50_interval_us"]),
                *(microseconds(one[f"{key}_us"]) for key in ("p90", "p99", "max")),
                f"{one['calls']:,}",
            ]
            for name, (one, _) in timed.items()
        ],
    )
    chars = report["data"]["chars"]
    unsettled = [name for name, (one, _) in timed.items() if not one["stable"]]
    note = (
        f"From a Python string to labels and slots, {report['threads']} "
        f"{'thread' if report['threads'] == 1 else 'threads'}, on texts of the data (median "
        f"{chars['p50']:.0f} characters, 90% below {chars['p90']:.0f}, longest {chars['max']:.0f}). "
        "Contenders took turns in slices of 50 ms, after warm-up, without garbage collection. "
        "Lines mark p50 and p99."
        + (f" The warm-up of {', '.join(unsettled)} did not settle." if unsettled else "")
        + (f" {BUSY}" if is_busy(report["machine"]) else "")
    )
    return (
        f'<section><h2>Latency</h2><div class="ridges">{"".join(rows)}</div>{table}'
        f'<p class="note">{escape(note)}</p></section>\n'
    )


def _cost(report: Report) -> str:
    """Bytes on disk, time to the first answer, memory."""
    sizes = {one["file"]: (one["bytes"], "student", one["scheme"]) for one in report["runtimes"].values()}
    if report["teacher"] and report["teacher"]["bytes"]:
        sizes["teacher"] = (report["teacher"]["bytes"], "teacher", "weights")
    most = max(count for count, _, _ in sizes.values())
    bars = "".join(
        _row(
            _name(name, scheme),
            charts.bar(count / most, f"{name} {size(count)}", kind=kind),
            f'<span class="value">{size(count)}</span>',
        )
        for name, (count, kind, scheme) in sizes.items()
    )
    table = _table(
        [
            "fresh process",
            "to the first answer",
            "import",
            "load",
            "first call",
            "steady memory",
            "peak memory",
        ],
        [
            [name]
            + [
                milliseconds(one["cold"][f"{key}_ms"])
                for key in ("process_to_answer", "import", "load", "first_answer")
            ]
            + [size(one["cold"][f"{key}_rss_bytes"]) for key in ("steady", "peak")]
            for name, one in report["runtimes"].items()
        ],
    )
    note = (
        "Medians of five processes; files in the page cache. Memory is what comes on top of Python, numpy "
        f"and the runtime ({size(first_runtime(report)['cold']['bare_rss_bytes'])} without a model). "
        "1 MB is 1,000,000 bytes."
    )
    return (
        f'<section><h2>Size, start and memory</h2><div class="bars">{bars}</div>{table}'
        f'<p class="note">{escape(note)}</p></section>\n'
    )


def _differences(report: Report) -> str:
    cards = difference_cards(report["differences"])
    if not cards:
        return ""
    first, rest = cards[:_DIFFERENCES_SHOWN], cards[_DIFFERENCES_SHOWN:]
    more = f"<details><summary>{len(rest)} more</summary>{''.join(rest)}</details>" if rest else ""
    title = "Where the teacher is right and the student is not"
    return f"<section><h2>{title}</h2>{''.join(first)}{more}</section>\n"


def _machine(report: Report) -> str:
    machine = report["machine"]
    facts = {
        "CPU": machine["cpu"],
        "architecture": machine["architecture"],
        "cores": f"{machine['usable_cores']} usable of {machine['cores']}",
        "governor": machine["governor"] or "not told by the system",
        "load, 1 minute": machine["load_1min"],
        "memory": size(machine["memory_bytes"]),
        "system": machine["system"],
        "Python": machine["python"],
        **machine["versions"],
    }
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in facts.items()
    )
    return f"<section><h2>Machine</h2><dl>{cells}</dl></section>\n"


def _repeat(report: Report) -> str:
    return f"<section><h2>To repeat</h2><pre><code>{escape(report['command'])}</code></pre></section>\n"


def _row(name: str, drawn: str, value: str = "") -> str:
    """A line of a chart: on a phone, name and value stand above the drawing."""
    return (
        f'<div class="row">{name or "<span class=name></span>"}<div class="drawn">{drawn}</div>{value}</div>'
    )


def _name(name: str, detail: str) -> str:
    return f'<span class="name">{escape(name)}<small>{escape(detail)}</small></span>'


def _round_microseconds(value: float) -> str:
    """500 µs, 2 ms, 10 s."""
    for unit, unit_us in (("s", 1e6), ("ms", 1e3)):
        if value >= unit_us:
            return f"{value / unit_us:.0f} {unit}"
    return f"{value:.0f} µs"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in others)}</tr>"
        for first, *others in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
