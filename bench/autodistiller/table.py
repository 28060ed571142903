"""Train every candidate on every data set: the table in which searches are replayed.

    python -m bench.autodistiller.table --source massive=DATA,TEACHER --source snips=DATA,TEACHER \\
        --candidates 40 --seeds 1 --out TABLE [--recipe FILE] [--space FILE] [--only NAME,NAME]

Sources are massive, mtop, snips and clinc; data sets of those not given are left out. The first candidate is
the recipe itself, the others are drawn from the space. Interrupted, the same command goes on; at any time the
table is whole for the candidates up to the one at work.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import optuna

from bench.autodistiller.problems import PROBLEMS, Problem
from edgekd.cli import run
from edgekd.cli.console import log
from edgekd.cli.native import require_quietly
from edgekd.data.load import load_dataset
from edgekd.errors import RunError, UsageError
from edgekd.files import read_json, write_json
from edgekd.recipe import Recipe
from edgekd.search.runner import Runner
from edgekd.search.runs import RunStore
from edgekd.search.space import Space
from edgekd.search.trial import Curve
from edgekd.teachers import load_teacher


def main() -> None:
    """Go on with the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.autodistiller.table",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--source", action="append", required=True, metavar="NAME=DATA,TEACHER")
    parser.add_argument("--candidates", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--recipe", type=Path, help="that the space changes; default: edgekd's own")
    parser.add_argument("--space", type=Path, help="default: edgekd's own")
    parser.add_argument("--only", help="some of the data sets, by commas")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    require_quietly(("tensorflow",), "search")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    base = Recipe.load(given.recipe) if given.recipe else Recipe()
    candidates = draw(Space.load(given.space, base), base, given.candidates, given.out)
    wanted = chosen((given.only or "").split(",") if given.only else None)
    runners = list(_runners(wanted, given.source, given.out))
    fill(runners, candidates, given.seeds, RunStore(given.out / "runs"))


def chosen(names: Sequence[str] | None) -> list[Problem]:
    """The data sets of these names; all for None.

    Raises:
        UsageError: there is no such data set.
    """
    known = {problem.name: problem for problem in PROBLEMS}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UsageError(f"there is no data set {unknown[0]!r}", expected=", ".join(known))
    return [known[name] for name in names or known]


def draw(space: Space, base: Recipe, count: int, out: Path) -> list[Recipe]:
    """The recipe and so many more of the space, less one; the same ones again for a table that is begun.

    A table may be asked for more of them later: the first stay as they are.
    """
    lot = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=base.training.seed))
    candidates = [base, *(base.changed(space.choose(lot.ask())) for _ in range(count - 1))]
    contents = [recipe.model_dump(mode="json") for recipe in candidates]
    path = out / "candidates.json"
    before = read_json(path, RunError) if path.exists() else []
    if any(one != other for one, other in zip(before, contents, strict=False)):
        raise RunError(
            f"{out} holds a table of other candidates",
            expected="the same recipe and space as when it was begun",
            fix="choose another --out",
        )
    if len(contents) > len(before):
        write_json(path, contents)
    return candidates


def fill(runners: Sequence[Runner], candidates: Sequence[Recipe], seeds: int, store: RunStore) -> None:
    """Train what the store lacks; a training that was interrupted begins anew."""
    for number, candidate in enumerate(candidates):
        for seed in range(candidate.training.seed, candidate.training.seed + seeds):
            recipe = candidate.changed({"training.seed": seed})
            for runner in runners:
                problem = f"{runner.dataset.fingerprint()} {runner.teacher.fingerprint}"
                if not store.has(problem, recipe):
                    _train(runner, recipe, store)
                    log.print(f"candidate {number}, seed {seed}: {runner.dataset.name}")


def _train(runner: Runner, recipe: Recipe, store: RunStore) -> None:
    folder = runner.folder / "run"
    shutil.rmtree(folder, ignore_errors=True)
    curve = Curve()

    def watch(epoch: int, figures: dict[str, float]) -> None:
        curve[epoch] = figures[f"dev/{runner.metric}"]

    quality = runner.quality(recipe, folder, watch)
    store.add(runner.finished(recipe.model_dump(mode="json"), quality, curve))
    shutil.rmtree(folder)


def _runners(problems: Sequence[Problem], sources: Sequence[str], out: Path) -> Iterator[Runner]:
    given = {}
    for source in sources:
        name, _, where = source.partition("=")
        data, _, teacher = where.rpartition(",")
        if name not in {problem.source for problem in PROBLEMS} or not data or not teacher:
            raise UsageError(
                f"--source {source!r} is not understood",
                expected="NAME=DATA,TEACHER with a name of massive, mtop, snips or clinc",
            )
        given[name] = data, teacher
    for name, (data, source) in given.items():
        ours = [problem for problem in problems if problem.source == name]
        languages = {problem.language for problem in ours}
        whole = load_dataset(data, languages=None if None in languages else sorted(languages))
        teacher = load_teacher(source)
        for problem in ours:
            yield Runner(problem.cut(whole), teacher, out / "work" / problem.name)


if __name__ == "__main__":
    run(main)
