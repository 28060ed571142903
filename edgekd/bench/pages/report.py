"""report.html: one self-contained page drawn from report.json, without scripts and without the network."""

from __future__ import annotations

from html import escape

from edgekd.bench.figures import microseconds, milliseconds, percent, size, times
from edgekd.bench.pages import charts
from edgekd.bench.pages.cost import cost, latency, machines, profiles
from edgekd.bench.pages.html import folded, page, table
from edgekd.bench.pages.pareto import pareto
from edgekd.bench.pages.quality import confusions, differences, labels, metrics, retention
from edgekd.bench.verdict import (
    METRIC_NAMES,
    NOISY,
    Report,
    change_name,
    check_name,
    first_latency,
    first_runtime,
    first_target,
    headline,
    main_metric,
    noise_words,
)


def render(report: Report) -> str:
    """The page as HTML."""
    sections = [
        _head(report),
        _verdict(report),
        _warnings(report),
        _tiles(report),
        _gate(report),
        _baseline(report),
        retention(report),
        pareto(report),
        metrics(report),
        latency(report),
        profiles(report),
        cost(report),
        labels(report),
        confusions(report),
        differences(report),
        machines(report),
        _repeat(report),
    ]
    return page(f"{report['bundle']['name']}: edgekd bench", "".join(sections))


def _head(report: Report) -> str:
    data, bundle = report["data"], report["bundle"]
    examples = sum(data["examples"].values())
    languages = len(data["examples"])
    facts = [
        f"{bundle['task']}, {bundle['labels']} labels"
        + (f", {bundle['slots']} slots" if bundle["slots"] else ""),
        f"{data['name']} {data['split']}: {examples:,} examples"
        + (f" in {languages} languages" if languages > 1 else f" ({next(iter(data['examples']))})"),
        "on " + ", ".join(report["targets"]),
        first_target(report)[1]["machine"]["time"].replace("T", " ").replace("+00:00", " UTC"),
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


def _warnings(report: Report) -> str:
    """What a reader must know before believing the rest."""
    told = [
        f"{NOISY} ({name}): {noise_words(on['noise'])}."
        for name, on in report["targets"].items()
        if on["noise"] and on["noise"]["noisy"]
    ]
    told += [f"{name} was not measured: {why}" for name, why in report["unreached"].items()]
    told += [f"Not compared: {why}." for why in (report["baseline"] or {}).get("left_out", ())]
    listed = "".join(f"<p>{escape(one)}</p>" for one in told)
    return f'<section class="warning">{listed}</section>\n' if told else ""


def _tiles(report: Report) -> str:
    (_, runtime), teacher, metric = first_runtime(report), report["teacher"], main_metric(report)
    timed, cold = first_latency(runtime), runtime["cold"] or {}
    taught = first_target(report)[1]["teacher_latency"]
    slower = taught and timed and taught["p50_us"] / timed["p50_us"]
    smaller = teacher and teacher["bytes"] and teacher["bytes"] / runtime["bytes"]
    tiles = [
        (
            METRIC_NAMES[metric],
            percent(runtime["scores"]["overall"][metric]),
            f"teacher {percent(teacher['scores']['overall'][metric])}" if teacher else "no teacher given",
        ),
        (
            "file",
            size(runtime["bytes"]),
            f"{times(smaller)} smaller than the teacher" if smaller else runtime["file"],
        ),
        (
            "text to labels, p50",
            microseconds(timed and timed["p50_us"]),
            f"{times(slower)} faster than the teacher"
            if slower
            else f"p99 {microseconds(timed['p99_us'])}"
            if timed
            else "not measured here",
        ),
        ("first answer", milliseconds(cold.get("process_to_answer_ms")), "from the start of a process"),
        ("memory", size(cold.get("peak_rss_bytes")), "peak, above the bare runtime"),
    ]
    cells = "".join(
        f'<div class="tile"><p>{escape(name)}</p><strong>{escape(value)}</strong>'
        f"<small>{escape(note)}</small></div>"
        for name, value, note in tiles
    )
    return f'<section class="tiles">{cells}</section>\n'


def _gate(report: Report) -> str:
    """Every check; those that did not pass are seen at once."""
    checks = (report["gate"] or {}).get("checks", ())
    if not checks:
        return ""
    rank = {"FAIL": 0, "UNSURE": 1, "PASS": 2}

    def row(check) -> list[str]:
        bar = check["bar"]
        show = {"retention": percent, "latency_p90_us": microseconds}.get(check["what"], size)
        return [check["verdict"], check_name(check), show(bar), check["reason"]]

    header = ["", "figure, with its 95% interval", "bar", ""]
    rows = [row(check) for check in sorted(checks, key=lambda check: rank[check["verdict"]])]
    undecided = [one for one in rows if one[0] != "PASS"]
    rest = [one for one in rows if one[0] == "PASS"]
    shown = table(header, undecided) if undecided else ""
    if rest:
        shown += folded(f"{len(rest)} passed", table(header[:3], [one[:3] for one in rest]))
    note = (
        "PASS and FAIL: the whole interval is on that side of the bar. UNSURE: the bar lies within it, or "
        "there is too little to judge by."
    )
    return f'<section class="gate"><h2>Gate</h2>{shown}<p class="note">{note}</p></section>\n'


def _baseline(report: Report) -> str:
    baseline = report["baseline"]
    if not baseline:
        return ""
    worse = [change for change in baseline["changes"] if change["regressed"]]
    same = len(baseline["changes"]) - len(worse)
    listed = "".join(f"<li>{escape(change_name(change))}</li>" for change in worse)
    head = f"<ul>{listed}</ul>" if worse else "<p>Nothing is worse beyond noise.</p>"
    return (
        f'<section class="baseline"><h2>Against the baseline</h2>{head}'
        f'<p class="note">{same} other figures are as good, or differ by no more than noise.</p></section>\n'
    )


def _repeat(report: Report) -> str:
    return f"<section><h2>To repeat</h2><pre><code>{escape(report['command'])}</code></pre></section>\n"
