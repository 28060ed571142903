from __future__ import annotations

import pytest

from edgekd.bench.gate import Bars, Verdict, judge, overall_verdict, parse_quantity, parse_retention
from edgekd.errors import UsageError

EN, DE, SW = (0.97, 0.99), (0.90, 0.96), (0.80, 0.90)


def report(noisy: bool = False, counts: dict[str, int] | None = None, **by_language) -> dict:
    """What `judge` reads of a report: one runtime with the retention intervals of some languages."""
    by_language = by_language or {"en": EN, "de": DE, "sw": SW}
    overall = by_language.pop("all", (0.955, 0.97))

    def scores(pick) -> dict:
        return {
            "overall": {"exact_match": pick(overall), "accuracy": pick(overall)},
            "by_language": {
                language: {"exact_match": pick(one), "accuracy": pick(one)}
                for language, one in by_language.items()
            },
        }

    runtime = {
        "retention": scores(lambda one: one and sum(one) / 2),
        "retention_intervals": scores(lambda one: one and list(one)),
        "latency": {"1": {"p90_us": 200.0, "p90_interval_us": [190.0, 210.0]}},
        "bytes": 1_100_000,
        "cold": {"peak_rss_bytes": 11_000_000},
    }
    return {
        "data": {"examples": counts or dict.fromkeys(by_language, 1000)},
        "targets": {"local": {"noise": {"noisy": noisy}, "runtimes": {"litert": runtime}}},
    }


def verdicts(found, bars: Bars) -> dict[str, str]:
    return {check.language or check.what: str(check.verdict) for check in judge(found, bars, "exact_match")}


def test_an_interval_on_one_side_decides_and_one_across_does_not() -> None:
    bars = Bars({(None, None): 0.95})
    found = verdicts(report(), bars)
    assert found == {"all": "PASS", "en": "PASS", "de": "UNSURE", "sw": "FAIL"}
    assert verdicts(report(), Bars({(None, None): 0.90}))["de"] == "PASS"  # exactly the bar passes
    assert verdicts(report(), Bars({(None, None): 0.90}))["sw"] == "UNSURE"


def test_fail_before_unsure_before_pass() -> None:
    checks = judge(report(), Bars({(None, None): 0.95}), "exact_match")
    assert overall_verdict(checks) is Verdict.FAIL
    assert overall_verdict([one for one in checks if one.verdict is not Verdict.FAIL]) is Verdict.UNSURE
    assert overall_verdict([one for one in checks if one.verdict is Verdict.PASS]) is Verdict.PASS
    assert overall_verdict([]) is Verdict.UNSURE


def test_few_examples_are_not_judged() -> None:
    found = judge(
        report(counts={"en": 1000, "de": 1000, "sw": 29}), Bars({(None, None): 0.95}), "exact_match"
    )
    [few] = [check for check in found if check.language == "sw"]
    assert (few.verdict, few.reason) == (Verdict.UNSURE, "fewer than 30 examples")


def test_a_teacher_that_scores_nothing_decides_nothing() -> None:
    found = judge(report(en=None, all=None), Bars({(None, None): 0.95}), "exact_match")
    assert {(check.verdict, check.reason) for check in found} == {
        (Verdict.UNSURE, "the teacher scores nothing")
    }


def test_bars_of_their_own() -> None:
    bars = Bars({(None, None): 0.95, (None, "sw"): 0.75, ("accuracy", None): 0.5})
    found = judge(report(), bars, "exact_match")
    by_name = {(check.metric, check.language): (check.bar, str(check.verdict)) for check in found}
    assert by_name["exact_match", "sw"] == (0.75, "PASS")
    assert by_name["exact_match", "de"] == (0.95, "UNSURE")
    assert by_name["accuracy", "sw"] == (0.5, "PASS")
    assert len(by_name) == 8


def test_over_all_alone() -> None:
    bars = Bars({(None, None): 0.95, (None, "sw"): 0.95}, every_language=False)
    assert verdicts(report(), bars) == {"all": "PASS", "sw": "FAIL"}
    assert verdicts(report(en=EN), Bars({(None, None): 0.95})) == {"all": "PASS"}  # one language is all


@pytest.mark.parametrize(
    ("bar", "verdict"), [(189.0, "FAIL"), (200.0, "UNSURE"), (209.0, "UNSURE"), (210.0, "PASS")]
)
def test_latency(bar: float, verdict: str) -> None:
    assert verdicts(report(), Bars(latency_p90_us=bar)) == {"latency_p90_us": verdict}


def test_a_noisy_machine_cannot_fail_a_latency() -> None:
    assert verdicts(report(noisy=True), Bars(latency_p90_us=100.0)) == {"latency_p90_us": "UNSURE"}
    assert verdicts(report(noisy=True), Bars(latency_p90_us=300.0)) == {"latency_p90_us": "PASS"}


def test_size_and_memory_are_exact() -> None:
    assert verdicts(report(), Bars(bytes=1_100_000)) == {"bytes": "PASS"}
    assert verdicts(report(), Bars(bytes=1_099_999)) == {"bytes": "FAIL"}
    assert verdicts(report(), Bars(peak_rss_bytes=10e6)) == {"peak_rss_bytes": "FAIL"}
    unknown = report()
    unknown["targets"]["local"]["runtimes"]["litert"]["cold"]["peak_rss_bytes"] = None
    assert verdicts(unknown, Bars(peak_rss_bytes=10e6)) == {"peak_rss_bytes": "UNSURE"}


def test_how_retention_is_demanded() -> None:
    written = ["0.95", "span_f1=0.9", "th-TH=0.85", "span_f1/th-TH=0.8", "de-DE/exact_match=1"]
    assert parse_retention(written, ("exact_match", "span_f1"), ("th-TH", "de-DE")) == {
        (None, None): 0.95,
        ("span_f1", None): 0.9,
        (None, "th-TH"): 0.85,
        ("span_f1", "th-TH"): 0.8,
        ("exact_match", "de-DE"): 1.0,
    }


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("95", "from 0 to 2"),
        ("nan", "from 0 to 2"),
        ("much", "from 0 to 2"),
        ("", "from 0 to 2"),
        ("bleu=0.9", "names 'bleu'"),
        ("en/de=0.9", "names 'de'"),
    ],
)
def test_what_cannot_be_demanded(written: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_retention([written], ("exact_match",), ("en", "de"))


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("500us", "time", 500.0),
        ("0.5 ms", "time", 500.0),
        ("2s", "time", 2e6),
        ("1.2MB", "size", 1.2e6),
        ("800 kB", "size", 8e5),
        ("17bytes", "size", 17.0),
    ],
)
def test_quantities(written: str, kind: str, value: float) -> None:
    assert parse_quantity(written, kind) == pytest.approx(value)


@pytest.mark.parametrize(
    ("written", "kind"), [("500", "time"), ("1MB", "time"), ("2ms", "size"), ("MB", "size")]
)
def test_quantities_need_their_unit(written: str, kind: str) -> None:
    with pytest.raises(UsageError, match=f"is not a {kind}"):
        parse_quantity(written, kind)
