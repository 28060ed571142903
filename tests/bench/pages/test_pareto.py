from __future__ import annotations

import re

from edgekd.bench.pages.pareto import HEIGHT, Point, plot


def heights(points: list[Point]) -> list[float]:
    drawn = plot(points, "accuracy")
    return [float(y) for y in re.findall(r'<text class="point"[^>]* y="([\d.]+)"', drawn)]


def test_names_of_what_is_alike_do_not_lie_on_each_other():
    alike = [
        Point(f"contender number {one}", 0.9 + one / 1e4, 100.0 + one, 10**6, "teacher") for one in range(5)
    ]
    found = sorted(heights([*alike, Point("far", 0.5, 1e4, 10**6, "student")]))
    assert all(lower - upper >= 14 for upper, lower in zip(found, found[1:], strict=False))
    assert found[0] > 0 and found[-1] < HEIGHT


def test_a_name_alone_stands_beside_its_disc():
    points = [Point("left", 0.9, 10.0, 10**6, "student"), Point("right", 0.5, 1e4, 10**6, "teacher")]
    discs = [float(y) for y in re.findall(r'cy="([\d.]+)"', plot(points, "accuracy"))]
    assert [y - disc for y, disc in zip(heights(points), discs, strict=True)] == [4.0, 4.0]


def test_many_more_than_there_is_room_for():
    points = [Point("x" * 40, 0.9, 100.0, 10**6, "teacher") for _ in range(60)]
    assert len(heights(points)) == 60
