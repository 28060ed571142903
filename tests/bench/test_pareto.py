"""Which students are worth their cost."""

from bench.pareto import advice, front, points
from edgekd.bench.pages.pareto import Point
from edgekd.recipe import Recipe


def point(name, quality, latency):
    return Point(name, quality, latency, 1000, "student")


def test_the_front_is_what_no_other_beats():
    found = [point("slow", 0.9, 50), point("fast", 0.7, 10), point("beaten", 0.6, 20), point("same", 0.7, 11)]
    assert [one.name for one in front(found)] == ["fast", "slow"]
    said = advice(found)
    assert said.index("fast (70.0 %") < said.index("slow (90.0 %") and "beaten" not in said


def test_points_have_the_mean_over_seeds_and_the_cost_of_the_shape():
    class Costs:
        metric = "exact_match"

        def cost(self, recipe, kind):
            return {"latency": 9.5, "size": 1000.0}[kind] * recipe.training.epochs

    recipes = {"a": Recipe().changed({"training.epochs": 2})}
    seeds = {
        seed: {"student": {"overall": {"exact_match": value}}} for seed, value in (("1", 0.5), ("2", 0.7))
    }
    assert points(Costs(), recipes, {"a": seeds}) == [Point("a", 0.6, 19.0, 2000, "student")]
