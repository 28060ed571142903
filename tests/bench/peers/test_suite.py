from __future__ import annotations

import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bench.peers.markdown import as_markdown
from bench.peers.memory import steady_memory
from bench.peers.page import render
from bench.peers.sources import Sources
from bench.peers.standing import standing
from bench.peers.student import build
from bench.peers.suite import BUILDERS, chosen, compare
from bench.peers.tables import details, rows
from edgekd.bench.runner.measure import Rules
from edgekd.errors import RunError, UsageError
from edgekd.progress import silent


def contender(name: str, p50: float, size: int, **others) -> dict:
    return {
        "name": name,
        "what": f"what {name} is",
        "kind": "peer",
        "trained": True,
        "slots": True,
        "bytes": size,
        "files": ["model"],
        "subwords_p50": None,
        "scores": {"accuracy": 0.9, "span_f1": 0.8, "exact_match": 0.7},
        "agreement": None,
        "latency": {f"p{share}_us": p50 * share / 50 for share in (50, 90, 99)},
        "times_slower": {"p50": p50 / 100, "interval": [p50 / 101, p50 / 99]},
        "memory_bytes": 5_000_000,
    } | others


def intent_only(accuracy: float) -> dict:
    return {"slots": False, "scores": {"accuracy": accuracy}}


@pytest.fixture
def found() -> dict:
    exact = {"accuracy": 0.9, "span_f1": 0.8, "exact_match": 0.75}
    peers = {
        "student": contender("student", 100, 1_000_000, kind="student"),
        "student-onnx": contender("same weights", 50, 900_000, kind="student", agreement=0.995),
        "teacher": contender("teach|er <b>", 9_000, 90_000_000, kind="teacher", scores=exact),
        "fast": contender("fast", 20, 2_000_000, **intent_only(0.895)),
        "small": contender("small", 300, 50_000, **intent_only(0.7), subwords_p50=9.0),
        "heavy": contender("heavy", 300, 5_000_000, **intent_only(0.5)),
        "shape": contender("shape", 10, 10, trained=False, scores=None, memory_bytes=None),
    }
    data = {
        "name": "toy_data",
        "split": "dev",
        "task": "joint",
        "examples": 1234,
        "bundle": "b",
        "chars_p50": 9.0,
    }
    noise = {"spread": 0.0, "interrupted": 0.0, "noisy": False}
    machine = {"cpu": "CPU <x>", "time": "2026-01-02T03:04:05+00:00"}
    return {
        "machine": machine,
        "threads": 1,
        "command": "python -m bench.peers --data <d>",
        "data_sets": [{**data, "noise": noise, "peers": peers}],
    }


def test_the_standing_names_every_peer_that_is_ahead(found: dict) -> None:
    as_accurate, weaker, better = standing(found["data_sets"][0])
    assert as_accurate == (
        "As accurate, within a point, and cheaper: fast (89.5% accuracy, no slots, faster)."
    )
    assert weaker == "Cheaper and less accurate: small (70.0% accuracy, no slots, smaller)."
    assert better == (
        "More accurate by more than a point: teach|er <b> (75.0% exact match, slower and larger)."
    )


def test_the_standing_where_the_student_leads(found: dict) -> None:
    for key in ("fast", "small", "teacher"):
        del found["data_sets"][0]["peers"][key]
    (only,) = standing(found["data_sets"][0])
    assert only.startswith("No peer of the student's accuracy")


def test_rows_hold_what_was_measured(found: dict) -> None:
    by_name = {row[0]: row[1:] for row in rows(found["data_sets"][0])}
    assert by_name["student"] == [
        *("90.0%", "80.0%", "70.0%", "1.00 MB", "100 µs", "180 µs", "198 µs", "", "5.00 MB")
    ]
    assert by_name["fast"][:3] == ["89.5%", "–", "–"]
    assert by_name["shape"][:3] == ["random weights", "–", "–"]
    assert by_name["teach|er <b>"][7] == "90× (89–91)"
    told = dict(details(found["data_sets"][0]))
    assert told["same weights"] == "what same weights is; answers 99.5% of the texts as its original does"
    assert told["small"] == "what small is; a text is 9 sub-words (median)"


def test_markdown_escapes_names(found: dict) -> None:
    text = as_markdown(found)
    assert "| teach\\|er \\<b\\> | 90.0% | 80.0% | 75.0% | 90.0 MB |" in text
    assert "toy\\_data dev, 1,234 texts" in text
    assert "noisy" not in text
    found["data_sets"][0]["noise"]["noisy"] = True
    assert "too noisy" in as_markdown(found)


def test_the_page_is_whole_and_escapes_names(found: dict) -> None:
    page = render(found)
    opened = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "circle", "line", "path"):
                opened.append(tag)

        def handle_endtag(self, tag):
            if tag not in ("circle", "line", "path"):
                assert opened.pop() == tag

    Tags().feed(page)
    assert not opened
    assert "teach|er &lt;b&gt;" in page and "<b>" not in page and "<x>" not in page
    assert page.count("<svg") == 1 and page.count('class="disc') == 5  # neither random weights nor copies
    assert "http" not in page and "<script" not in page


def test_the_student_always_takes_part() -> None:
    assert chosen(None) == list(BUILDERS)
    assert chosen("tfidf, fasttext") == ["student", "fasttext", "tfidf"]
    with pytest.raises(UsageError, match="no peer 'nothing'"):
        chosen("nothing")


def test_memory_of_a_fresh_process(sources: Sources) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("the system does not tell it")
    peer = build(sources)
    assert 1_000_000 < steady_memory(peer, ["wake me at 7", "\ud800", ""]) < 2_000_000_000
    broken = peer.from_json({**peer.to_json(), "options": {"runtime": "none"}})
    with pytest.raises(RunError, match="could not run student"):
        steady_memory(broken, ["a"])


def test_the_whole_comparison(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sklearn", "fasttext"):
        pytest.importorskip(module)
    monkeypatch.setattr("edgekd.bench.runner.measure._WARMUP_MOST_SECONDS", 0.1)
    quick = Rules(min_calls=20, min_seconds=0.0)
    keys = ["student", "student-onnx", "fasttext", "tfidf"]
    found = compare(sources, keys, quick, silent)
    json.dumps(found)
    peers = found["peers"]
    assert list(peers) == keys and found["examples"] == 40
    assert peers["student"]["scores"] == {"accuracy": 1.0, "span_f1": 1.0, "exact_match": 1.0}
    assert set(peers["tfidf"]["scores"]) == {"accuracy"}
    assert peers["student-onnx"]["agreement"] == 1.0 and peers["tfidf"]["agreement"] is None
    assert all(one["latency"]["calls"] >= 20 for one in peers.values())
    assert peers["student"]["times_slower"]["p50"] == 1.0


def test_every_data_set_needs_its_teacher_and_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.peers.__main__ import main

    arguments = ["--data", "a", "--data", "b", "--teacher", "t", "--bundle", "b", "--encoder", "e"]
    monkeypatch.setattr(sys, "argv", ["bench.peers", *arguments])
    with pytest.raises(UsageError, match="2 --data, 1 --teacher and 1 --bundle"):
        main()
