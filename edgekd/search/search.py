"""From a data set, a teacher and a space to the recipe that is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgekd import __version__
from edgekd.data.examples import Dataset
from edgekd.errors import RunError
from edgekd.files import read_json, write_json, write_text
from edgekd.lock import locked
from edgekd.progress import Progress, silent
from edgekd.recipe import Recipe
from edgekd.search.auto import Halving
from edgekd.search.finalists import finalists
from edgekd.search.page import render
from edgekd.search.runner import Budget, Runner, tidy
from edgekd.search.runs import RunStore
from edgekd.search.space import Space
from edgekd.search.study import Proposals
from edgekd.search.trial import State, front, ranked
from edgekd.teachers.teacher import Teacher


@dataclass(frozen=True)
class Wanted:
    """What a search is to do.

    Attributes:
        trials: recipes to propose; with `auto`, full trainings that all candidates together may cost.
        seeds: with which the best few are trained again; 0 for none.
        budget: which cost counts, and the most that the winner may have of it.
        seed: of the proposals.
        store: complete trials are added to it.
        auto: AutoDistiller leads the search in place of Optuna, with the runs of the store, which it needs.
    """

    trials: int
    seeds: int = 0
    budget: Budget = field(default_factory=Budget)
    seed: int = 1
    store: RunStore | None = None
    auto: bool = False


def search(
    dataset: Dataset,
    teacher: Teacher,
    space: Space,
    base: Recipe,
    out: Path,
    wanted: Wanted,
    *,
    texts: Sequence[tuple[str, str]] = (),
    out_of_scope_label: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> dict[str, Any] | None:
    """Look for the best recipe; interrupted, the same call goes on, and several processes may share it.

    Args:
        dataset: with a train and a dev split.
        teacher: knows every label of the data set.
        space: what may change.
        base: the recipe that changes.
        out: the folder of the search. It gets results.json, search.html, and the winner as recipe.yaml.
        wanted: how much, and by what.
        texts, out_of_scope_label, inputs: as for `distil`.
        progress: shows labelling and training.

    Returns:
        The content of results.json; None where other processes are still at work, of which the last one ends
        the search.

    Raises:
        DataError, LabelError, UsageError: data, teacher and space do not fit each other.
        RunError: the folder holds another search, or it or a store of runs is damaged.
    """
    runner = Runner(
        dataset,
        teacher,
        out,
        texts=texts,
        out_of_scope_label=out_of_scope_label,
        inputs=inputs,
        progress=progress,
    )
    # Damaged, it is told of before hours of training, not after them.
    runs = wanted.store.runs() if wanted.store else []
    if wanted.auto and not runs:
        raise RunError(
            f"there are no finished runs in {wanted.store.folder}",
            expected="a store for AutoDistiller to learn from",
            fix="search other data with `edgekd search --store STORE` first",
        )
    given = {"runner": runner, "space": space, "base": base, "budget": wanted.budget, "seed": wanted.seed}
    _open(given, wanted, inputs or {})

    leader = Halving(**given, runs=runs) if wanted.auto else Proposals(**given)
    trials = leader.explore(wanted.trials)
    if any(trial.state is State.RUNNING for trial in trials):
        return None
    tidy(out, trials)
    best = ranked(trials)
    if not best:
        raise RunError(
            f"none of {len(trials)} trials came to its end; the last: {trials[-1].reason}",
            expected="one at least",
            fix="change the space, or the recipe it starts from, and search in another folder",
        )
    for trial in best if wanted.store else ():
        wanted.store.add(runner.finished(trial.recipe, trial.quality, trial.curve))
    again = finalists(runner, best, wanted.seeds) if wanted.seeds else []
    winner = again[0].trial if again else best[0]
    results = {
        "edgekd": __version__,
        "data": dataset.name,
        "metric": runner.metric,
        "cost": wanted.budget.kind,
        "auto": wanted.auto,
        "trials": [trial.to_json() for trial in trials],
        "front": [trial.number for trial in front(trials)],
        "importance": {} if wanted.auto else leader.importance(),
        "finalists": [one.to_json() for one in again],
        "winner": winner.number,
    }
    write_json(out / "results.json", results)
    write_text(out / "search.html", render(results))
    Recipe.model_validate(winner.recipe).save(out / "recipe.yaml")
    return results


def _open(given: Mapping[str, Any], wanted: Wanted, inputs: Mapping[str, Any]) -> None:
    """Say in the folder what is searched; where that was said before, require that it is the same."""
    runner = given["runner"]
    asked = {
        "data": runner.dataset.fingerprint(),
        "teacher": runner.teacher.fingerprint,
        "texts": inputs.get("texts", []),
        "space": given["space"].content(),
        "recipe": given["base"].model_dump(mode="json"),
        "cost": asdict(wanted.budget),
        "seed": wanted.seed,
        # The candidates are chosen once, for as many full trainings as there are to be.
        "auto": wanted.auto and wanted.trials,
    }
    path = runner.folder / "search.json"
    with locked(runner.folder / "lock"):
        if not path.exists():
            write_json(path, asked)
            return
        before = read_json(path, RunError)
    different = [name for name, value in asked.items() if before.get(name) != value]
    if different:
        raise RunError(
            f"{runner.folder} holds a search with another {', '.join(different)}",
            expected="the same as when the search was started, or an empty folder",
            fix="choose another --out",
        )
