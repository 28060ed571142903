"""A report as Markdown, for the summary of a CI job or a comment on a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgekd.bench.figures import microseconds, milliseconds, percent, size
from edgekd.bench.verdict import METRIC_NAMES, NOISY, Report, check_name, first_runtime, headline, main_metric


def as_markdown(report: Report) -> str:
    """Verdict, quality by language, cost by target, and the checks that did not pass."""
    _, head, sentence = headline(report)
    parts = [
        f"# {plain(report['bundle']['name'])}",
        f"**{plain(head)}** {plain(sentence)}",
        _quality(report),
    ]
    parts.append(_cost(report))
    noisy = [name for name, on in report["targets"].items() if on["noise"] and on["noise"]["noisy"]]
    parts += [f"{NOISY}: {plain(', '.join(noisy))}."] if noisy else []
    parts += [f"{plain(name)} was not measured: {plain(why)}" for name, why in report["unreached"].items()]
    undecided = [check for check in (report["gate"] or {}).get("checks", ()) if check["verdict"] != "PASS"]
    parts += (
        ["\n".join(f"- {one['verdict']}: {plain(check_name(one))}" for one in undecided)] if undecided else []
    )
    parts.append(f"    {report['command']}")
    return "\n\n".join(parts) + "\n"


def _quality(report: Report) -> str:
    _, runtime = first_runtime(report)
    metric = main_metric(report)
    counts = report["data"]["examples"]
    rows = []
    everywhere = {"all": (runtime["scores"]["overall"], "overall")} if len(counts) > 1 else {}
    for language, count in {**counts, **dict.fromkeys(everywhere, sum(counts.values()))}.items():

        def pick(one, language=language):
            return one["overall"] if language not in counts else one["by_language"][language]

        row = [plain(language), f"{count:,}", percent(pick(runtime["scores"])[metric])]
        if runtime["retention"]:
            interval = pick(runtime["retention_intervals"])[metric]
            row += [
                percent(pick(report["teacher"]["scores"])[metric]),
                percent(pick(runtime["retention"])[metric]),
                f"{percent(interval[0])} to {percent(interval[1])}" if interval else "–",
            ]
        rows.append(row)
    header = ["language", "examples", METRIC_NAMES[metric]]
    return table(header + ["teacher", "kept", "95% interval"] * bool(runtime["retention"]), rows)


def _cost(report: Report) -> str:
    rows = []
    for target, on in report["targets"].items():
        for name, one in on["runtimes"].items():
            cold = one["cold"] or {}
            for threads, latency in (one["latency"] or {"–": None}).items():
                rows.append(
                    [
                        plain(target),
                        name,
                        threads,
                        size(one["bytes"]),
                        *(microseconds(latency and latency[f"p{share}_us"]) for share in (50, 90, 99)),
                        milliseconds(cold.get("process_to_answer_ms")),
                        size(cold.get("peak_rss_bytes")),
                    ]
                )
    header = ["target", "runtime", "threads", "file", "p50", "p90", "p99", "first answer", "peak memory"]
    return table(header, rows)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    """A table; with `numbers` all columns but the first are aligned to the right."""
    rule = ["---", *["---:" if numbers else "---"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *rows))


def plain(text: str) -> str:
    """Without what Markdown would read as its own."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>|#" else one for one in text.replace("\n", " "))
