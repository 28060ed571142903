from __future__ import annotations

from xml.etree import ElementTree

import pytest

from edgekd.bench.pages import charts

HISTOGRAM = {"edges_us": [100.0, 120.0, 150.0, 200.0], "counts": [5, 10, 0]}


@pytest.mark.parametrize(
    "svg",
    [
        charts.bar(0.5, 'a "b" & <c>', kind="pass", line=0.95),
        charts.bar_axis(0.95, "gate 95%"),
        charts.ridge(HISTOGRAM, charts.LogScale.over([HISTOGRAM]), {"p50": 130.0}, "label", "student"),
        charts.log_axis(charts.LogScale(90, 5000), {100.0: "100 µs", 1000.0: "1 ms"}),
        charts.icon("fail"),
    ],
)
def test_drawings_are_well_formed(svg: str) -> None:
    assert ElementTree.fromstring(svg).tag == "svg"


def test_a_bar_is_as_long_as_its_share() -> None:
    svg = ElementTree.fromstring(charts.bar(0.962, "", kind="pass", line=0.95))
    assert svg.find("rect[@class='pass']").get("width") == "96.20%"
    assert svg.find("line[@class='gate']").get("x1") == "95.00%"


def test_the_scale_is_logarithmic_and_holds_all() -> None:
    scale = charts.LogScale(10, 1000)
    assert scale.place(100) == pytest.approx(0.5)
    wide = charts.LogScale.over([HISTOGRAM, {"edges_us": [5_000.0, 9_000.0]}])
    assert 0 < wide.place(100) < wide.place(9_000) < 1


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(90, 600, [100, 200, 500]), (7, 2e5, [10, 100, 1000, 10_000, 100_000]), (310, 340, [])],
)
def test_ticks(low: float, high: float, ticks: list[float]) -> None:
    assert charts.LogScale(low, high).ticks() == ticks
