from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from edgekd.audit import page as page_module
from edgekd.audit.audit import Audit, audit
from edgekd.audit.disagreements import Disagreement, Doubt
from edgekd.audit.page import render
from edgekd.audit.shares import Share
from edgekd.data.examples import Example, Prediction, Span, Task

NASTY = 'a <b>"bold"</b> </script><script>alert(1)</script> & 😀 é'


def an_audit(split="dev", disagreements=(), shares=(), languages=("en",)):
    return Audit("<data>", split, "t", Task.JOINT, 10, languages, tuple(disagreements), tuple(shares))


def differing(index=0, text=NASTY, language="en", slot="x", **more):
    example = Example(text, language, ("p<",), (Span(2, 5, "x"),))
    said = Prediction(("q>",), (Span(2, 5, slot),))
    doubts = (Doubt("label", "p<", "q>", 0.9), *([Doubt("slot", "x", slot, 0.5)] if slot != "x" else []))
    return Disagreement(index, example, said, doubts, **more)


class Balance(HTMLParser):
    """Fails at an element that is closed out of order."""

    VOID = {"meta", "input", "br", "link"}

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(html):
    parser = Balance()
    parser.feed(html)
    assert not parser.open
    return parser.seen


def test_the_page_is_well_formed_and_needs_nothing_else(noisy, linear):
    data, _ = noisy
    html = render(audit(data, "dev", linear, name="linear"))
    seen = parsed(html)
    assert not [attributes for _, attributes in seen if {"src", "href"} & set(attributes)]
    assert "http" not in html and "@import" not in html and "url(" not in html
    assert sum(tag == "script" for tag, _ in seen) == 1


def test_text_and_names_are_text_and_not_markup():
    html = render(
        an_audit(disagreements=[differing(slot="<y>")], shares=[Share("label", "<s>", 30, 30, 0.5, "<i>")])
    )
    assert sum(tag == "script" for tag, _ in parsed(html)) == 1
    for raw in ("<b>", "<y>", "<s>", "<i>", "<data>"):
        assert raw not in html


def test_only_train_warns_that_its_labels_were_seen():
    warned = [
        split for split in ("train", "dev", "test") if "has seen their labels" in render(an_audit(split))
    ]
    assert warned == ["train"]


def test_nothing_found():
    html = render(an_audit())
    parsed(html)
    assert "they agree on every text" in html
    assert "<form" not in html


def test_the_rest_is_in_the_files(monkeypatch):
    monkeypatch.setattr(page_module, "MOST_SHOWN", 3)
    html = render(an_audit(disagreements=[differing(index) for index in range(5)]))
    assert html.count("<article") == 3
    assert "2 more are in the files beside this page" in html


def test_votes_are_shown_where_there_are_any():
    assert "1 of 3 teachers" in render(an_audit(disagreements=[differing(agreeing=1, asked=3)]))
    assert " teachers" not in render(an_audit(disagreements=[differing()])).split("<article")[1]


def test_the_list_is_filtered_by_words_language_and_pair(tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium")
    found = [
        differing(0, "Wake ME up now", "en"),
        differing(1, "wake me up later", "en", slot="y"),
        differing(2, "weck mich bald auf", "de", slot="y"),
    ]
    html = render(an_audit(disagreements=found, languages=("de", "en")))
    number = re.search(r'<option value="(\d+)">slot x → y', html)[1]
    for wanted, shown in (
        ({}, [0, 1, 2]),
        ({"words": " wake me "}, [0, 1]),
        ({"language": "de"}, [2]),
        ({"pair": number}, [1, 2]),
        ({"pair": number, "language": "en", "words": "LATER"}, [1]),
        ({"words": "nothing"}, []),
    ):
        setting = "".join(f"form.elements.{name}.value = {value!r};" for name, value in wanted.items())
        script = f"<script>{setting} form.dispatchEvent(new Event('input'));</script></body>"
        path = tmp_path / "page.html"
        path.write_text(html.replace("</body>", script), "utf-8")
        dom = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()],
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        cards = re.findall(r"<article ([^>]*)>.*?#(\d+)<", dom, re.DOTALL)
        assert [int(index) for attributes, index in cards if "hidden" not in attributes] == shown
        assert f"{len(shown)} of 3</output>" in dom
