"""The page's sections on cost: latency, size, start, memory, energy, and the machines."""

from __future__ import annotations

from html import escape
from typing import Any

from edgekd.bench.figures import counted, microseconds, milliseconds, percent, size
from edgekd.bench.pages import charts
from edgekd.bench.pages.html import folded, name, row, table
from edgekd.bench.verdict import Report, first_runtime, noise_words

_OPS_SHOWN = 8


def latency(report: Report) -> str:
    """The distribution of every contender on every target, and their percentiles."""
    timed = _timed(report)
    if not timed:
        return (
            "<section><h2>Latency</h2><p class='note'>Not told: an emulator's time says nothing of a "
            "processor's.</p></section>\n"
        )
    drawn = {label: one for label, one in timed.items() if one[0]["histogram"]}
    ridges = ""
    if drawn:
        scale = charts.LogScale.over([found["histogram"] for found, _ in drawn.values()])
        rows = []
        for label, (found, kind) in drawn.items():
            marks = {f"p{share}": found[f"p{share}_us"] for share in (50, 99)}
            words = f"{label}: median {microseconds(found['p50_us'])}"
            ridge = charts.ridge(found["histogram"], scale, marks, words, kind)
            rows.append(row(name(label, f"p50 {microseconds(found['p50_us'])}"), ridge))
        names = {tick: _round_microseconds(tick) for tick in scale.ticks()}
        rows.append(row("", charts.log_axis(scale, names)))
        ridges = f'<div class="ridges">{"".join(rows)}</div>'
    figures = table(
        ["", "p50", "95% interval", "p90", "p99", "max", "calls"],
        [
            [
                label,
                microseconds(one["p50_us"]),
                " – ".join(microseconds(end) for end in one["p50_interval_us"]),
                *(microseconds(one[f"{key}_us"]) for key in ("p90", "p99", "max")),
                f"{one['calls']:,}",
            ]
            for label, (one, _) in timed.items()
        ],
    )
    chars = report["data"]["chars"]
    unsettled = [label for label, (one, _) in timed.items() if not one["stable"]]
    alone = [label for label, (one, _) in timed.items() if one.get("of")]
    outside = [
        f"{percent(one['overhead']['share'])} in {label}"
        for label, one in _runtimes(report).items()
        if one["overhead"]
    ]
    notes = [
        f"From a string to labels and slots, on texts of the data (median {chars['p50']:.0f} characters, "
        f"90% below {chars['p90']:.0f}, longest {chars['max']:.0f}). Contenders of a target took turns in "
        "slices of 50 ms, after warm-up, without garbage collection. Lines mark p50 and p99."
    ]
    notes += [f"Time outside of the model, at the median length: {', '.join(outside)}."] if outside else []
    notes += [f"The warm-up of {', '.join(unsettled)} did not settle."] if unsettled else []
    notes += [f"{', '.join(alone)}: the runtime's call alone, by signature."] if alone else []
    return (
        f'<section><h2>Latency</h2>{ridges}{figures}<p class="note">{escape(" ".join(notes))}</p></section>\n'
    )


def profiles(report: Report) -> str:
    """Which ops take the time, and the share of the front end."""
    parts = []
    for label, one in _runtimes(report).items():
        profile = one["profile"]
        if not profile:
            continue
        whole = sum(op["us"] for op in profile["ops"])
        rows = [
            [op["name"], str(op["count"]), microseconds(op["us"]), percent(op["us"] / whole)]
            for op in profile["ops"]
        ]
        halves = [
            [half, "", microseconds(profile[key]), percent(profile[key] / whole)]
            for half, key in (("front end", "front_end_us"), ("network", "network_us"))
            if profile[key] is not None
        ]
        header = ["op", "count", "time", "share"]
        rest = rows[_OPS_SHOWN:]
        asked = f"{label}, {profile['signature']}, a text of {profile['chars']} characters"
        parts.append(
            f"<h3>{escape(asked)}</h3>"
            + table(header, halves + rows[:_OPS_SHOWN])
            + (folded(f"{len(rest)} more", table(header, rest)) if rest else "")
        )
    return f"<section><h2>Where the time goes</h2>{''.join(parts)}</section>\n" if parts else ""


def cost(report: Report) -> str:
    """Bytes on disk, time to the first answer, memory, energy."""
    _, first = first_runtime(report)
    sizes = {one["file"]: (one["bytes"], "student", one["scheme"]) for one in _runtimes(report).values()}
    if report["teacher"] and report["teacher"]["bytes"]:
        sizes["teacher"] = (report["teacher"]["bytes"], "teacher", "weights")
    most = max(count for count, _, _ in sizes.values())
    bars = "".join(
        row(
            name(label, scheme),
            charts.bar(count / most, f"{label} {size(count)}", kind=kind),
            f'<span class="value">{size(count)}</span>',
        )
        for label, (count, kind, scheme) in sizes.items()
    )
    colds = {label: one["cold"] for label, one in _runtimes(report).items() if one["cold"]}
    header = ["fresh process", "to the first answer", "import", "load", "first call", "steady", "peak memory"]
    times = ("process_to_answer", "import", "load", "first_answer")
    starts = table(
        [*header, "bare runtime", "its libraries"],
        [
            [
                label,
                *(milliseconds(cold.get(f"{key}_ms")) for key in times),
                *(size(cold.get(f"{key}_rss_bytes")) for key in ("steady", "peak", "bare")),
                size(_runtimes(report)[label]["library_bytes"]),
            ]
            for label, cold in colds.items()
        ],
    )
    energies = {label: one["energy"] for label, one in _runtimes(report).items() if one["energy"]}
    energy = (
        table(
            ["energy", "per text", "above idle", "power", "idle"],
            [
                [
                    label,
                    f"{one['microjoules']:.0f} µJ",
                    f"{one['microjoules_above_idle']:.0f} µJ",
                    f"{one['busy_watts']:.1f} W",
                    f"{one['idle_watts']:.1f} W",
                ]
                for label, one in energies.items()
            ],
        )
        if energies
        else ""
    )
    note = (
        f"Medians of {(first['cold'] or {}).get('processes', 'several')} processes; files in the page cache. "
        "Steady and peak memory are what comes on top of the bare runtime: Python, numpy and the runtime "
        "without a model. Its libraries are those that the Python package has loaded; an app has a build of "
        "its own. 1 MB is 1,000,000 bytes."
    )
    return (
        f'<section><h2>Size, start and memory</h2><div class="bars">{bars}</div>{starts}{energy}'
        f'<p class="note">{escape(note)}</p></section>\n'
    )


def machines(report: Report) -> str:
    """The facts of every target."""
    parts = []
    for label, on in report["targets"].items():
        facts = _facts(on)
        cells = "".join(
            f"<div><dt>{escape(fact)}</dt><dd>{escape(str(value))}</dd></div>"
            for fact, value in facts.items()
        )
        parts.append(f"<h3>{escape(label)}</h3><dl>{cells}</dl>")
    title = "Machine" if len(parts) == 1 else "Machines"
    return f'<section class="machines"><h2>{title}</h2>{"".join(parts)}</section>\n'


def _facts(on: dict[str, Any]) -> dict[str, Any]:
    machine, noise = on["machine"], on["noise"]
    after = machine.get("after", {})

    def both(key: str, unit: str) -> str | None:
        found = [one.get(key) for one in (machine, after) if one.get(key) is not None]
        return " → ".join(f"{value:g}{unit}" for value in found) or None

    facts = {
        "kind": on["kind"],
        "CPU": machine["cpu"],
        "architecture": machine["architecture"],
        "cores": machine.get("cores") and f"{machine['usable_cores']} usable of {machine['cores']}",
        "governor": machine.get("governor"),
        "load, 1 minute": both("load_1min", ""),
        "frequency": both("frequency_mhz", " MHz"),
        "temperature": both("temperature_c", " °C"),
        "noise": noise and noise_words(noise),
        "memory": machine.get("memory_bytes") and size(machine["memory_bytes"]),
        "system": machine["system"],
        "Python": machine.get("python"),
        **machine.get("versions", {}),
    }
    return {fact: "not told by the system" if value is None else value for fact, value in facts.items()}


def _runtimes(report: Report) -> dict[str, Any]:
    """Every runtime by its name, with that of its target where there are several."""
    several = len(report["targets"]) > 1
    return {
        f"{runtime}, {target}" if several else runtime: one
        for target, on in report["targets"].items()
        for runtime, one in on["runtimes"].items()
    }


def _timed(report: Report) -> dict[str, tuple[dict[str, Any], str]]:
    """Every latency by a name, and whether it is the student's or the teacher's."""
    found = {}
    for label, one in _runtimes(report).items():
        for threads, latency_ in one["latency"].items():
            extra = f", {counted(threads, 'thread')}" if len(one["latency"]) > 1 else ""
            found[label + extra] = latency_, "student"
    for target, on in report["targets"].items():
        if on["teacher_latency"]:
            label = f"teacher, {target}" if len(report["targets"]) > 1 else "teacher"
            found[label] = on["teacher_latency"], "teacher"
    return found


def _round_microseconds(value: float) -> str:
    """500 µs, 2 ms, 10 s."""
    for unit, unit_us in (("s", 1e6), ("ms", 1e3)):
        if value >= unit_us:
            return f"{value / unit_us:.0f} {unit}"
    return f"{value:.0f} µs"
