"""Optuna proposes recipes, and keeps what came of them in a file that several processes may share.

A trial belongs to the process that holds its lock. Where that process is gone, whoever comes next takes the
trial over and trains on from its last checkpoint.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from edgekd.errors import ExportError, RunError, UsageError
from edgekd.lock import locked, try_locked
from edgekd.recipe import Recipe
from edgekd.search.runner import Budget, Runner, tidy
from edgekd.search.space import Space
from edgekd.search.trial import Curve, State, Trial, is_hopeless

_STATES = {
    TrialState.COMPLETE: State.COMPLETE,
    TrialState.PRUNED: State.PRUNED,
    TrialState.FAIL: State.REFUSED,
    TrialState.RUNNING: State.RUNNING,
}

_FIRST_REFUSED = 3
"""So many recipes, and no other, refused: the search is refused."""

_LEAST_FOR_IMPORTANCE = 8
_SECONDS_FOR_OTHERS = 60

optuna.logging.set_verbosity(optuna.logging.ERROR)


class _Stopped(Exception):
    """Ends the training of a trial that is not worth it."""


@dataclass(frozen=True)
class Proposals:
    """The trials of a search that Optuna leads.

    Args:
        runner: trains the recipes.
        space: they come from it.
        base: the recipe that the space changes; the first one tried, as far as the space has its values.
        budget: with a kind of cost there are two objectives, and a front.
        seed: of the proposals.
    """

    runner: Runner
    space: Space
    base: Recipe
    budget: Budget
    seed: int

    def explore(self, trials: int) -> list[Trial]:
        """Go on until so many trials were started, those of other processes included; all that there are.

        Raises:
            RunError: the storage is damaged, or the first recipes were all refused.
        """
        study = self._open()
        while True:
            with self._claimed(study, trials) as trial:
                if trial is None:
                    return self._trials(study)
                self._try(study, trial)
            tidy(self.runner.folder, self._trials(study))
            self._require_success(self._trials(study))

    def importance(self) -> dict[str, float]:
        """How much each field decides about being among the best quarter, or near the front, as shares.

        By PED-ANOVA (Watanabe, Bansal and Hutter, 2023). Nothing for fewer than eight complete trials.
        """
        study = self._open()
        if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < _LEAST_FOR_IMPORTANCE:
            return {}
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.25)
        return optuna.importance.get_param_importances(study, evaluator=evaluator)

    @property
    def storage(self) -> Path:
        """The file of what was proposed and found."""
        return self.runner.folder / "study.db"

    def _open(self) -> optuna.Study:
        with locked(self.runner.folder / "lock"):
            _require_sound(self.storage)
            try:
                storage = optuna.storages.RDBStorage(
                    f"sqlite:///{self.storage.absolute()}",
                    engine_kwargs={"connect_args": {"timeout": _SECONDS_FOR_OTHERS}},
                )
                study = optuna.create_study(
                    storage=storage,
                    study_name="search",
                    directions=["maximize", *["minimize"] * (self.budget.kind is not None)],
                    load_if_exists=True,
                )
                known = study.get_trials(deepcopy=False)
            except (SQLAlchemyError, RuntimeError, ValueError, KeyError) as error:
                raise _damaged(self.storage, str(error).splitlines()[0]) from error
            if not known and any(self.runner.folder.glob("trials/*")):
                raise _damaged(self.storage, "it knows nothing of the trials that are there")
            if not known:
                study.enqueue_trial(self.space.proposing(self.base))
        return study

    @contextlib.contextmanager
    def _claimed(self, study: optuna.Study, most: int) -> Iterator[optuna.Trial | None]:
        """A trial whose process is gone, or else a new one, until there are enough: then None."""
        with contextlib.ExitStack() as held:
            with locked(self.runner.folder / "lock"):
                trial = self._abandoned(study, held) or self._new(study, most, held)
            yield trial

    def _abandoned(self, study: optuna.Study, held: contextlib.ExitStack) -> optuna.Trial | None:
        for running in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            gone = held.enter_context(try_locked(self._lock(running.number)))
            # It may have ended just before its lock was let go.
            if gone and study.get_trials(deepcopy=False)[running.number].state is TrialState.RUNNING:
                return optuna.Trial(study, running._trial_id)
        return None

    def _new(self, study: optuna.Study, most: int, held: contextlib.ExitStack) -> optuna.Trial | None:
        started = _started(study)
        if len(started) >= most:
            return None
        # A seed for each trial, so that a search that is taken up again does not draw the same ones anew.
        study.sampler = optuna.samplers.TPESampler(seed=self.seed + len(started))
        trial = study.ask()
        held.enter_context(try_locked(self._lock(trial.number)))
        return trial

    def _try(self, study: optuna.Study, trial: optuna.Trial) -> None:
        begin, values = time.monotonic(), None
        try:
            values = self._outcome(trial, self._trials(study))
            state = TrialState.COMPLETE
        except _Stopped as reason:
            state = TrialState.PRUNED
            trial.set_user_attr("reason", str(reason))
        except (UsageError, RunError, ExportError) as error:
            state = TrialState.FAIL
            trial.set_user_attr("reason", error.given)
        trial.set_user_attr("seconds", time.monotonic() - begin)
        study.tell(trial, values, state)

    def _outcome(self, trial: optuna.Trial, others: Sequence[Trial]) -> list[float]:
        """Quality and, where it counts, cost; of a recipe that was tried before, what it was then."""
        changes = self.space.choose(trial)
        trial.set_user_attr("changes", changes)
        recipe = self.base.changed(changes, where=f"the proposal of trial {trial.number}")
        content = recipe.model_dump(mode="json")
        trial.set_user_attr("recipe", content)
        cost = self.runner.cost(recipe, self.budget.kind) if self.budget.kind else None
        trial.set_user_attr("cost", cost)
        if not self.budget.allows(cost):
            raise _Stopped("it costs too much")
        again = [one for one in others if one.recipe == content and one.state is State.COMPLETE]
        if again:
            return _values(again[0].quality, cost)
        curve, epochs = Curve.of(trial.user_attrs.get("curve", {})), recipe.training.epochs

        def watch(epoch: int, figures: dict[str, float]) -> None:
            curve[epoch] = figures[f"dev/{self.runner.metric}"]
            trial.set_user_attr("curve", curve)
            if epoch < epochs and is_hopeless(curve, epochs, others, cost=cost):
                raise _Stopped(f"others were better after {epoch} of {epochs} epochs")

        quality = self.runner.quality(recipe, self._folder(trial.number), watch)
        return _values(quality, cost)

    def _require_success(self, trials: Sequence[Trial]) -> None:
        """Stop where nothing works."""
        if len(trials) == _FIRST_REFUSED and all(trial.state is State.REFUSED for trial in trials):
            raise RunError(
                f"the first {_FIRST_REFUSED} recipes cannot be trained; the last: {trials[-1].reason}",
                expected="a space whose recipes fit the data and the teacher",
                fix="change the space, or the recipe it starts from, and search in another folder",
            )

    def _trials(self, study: optuna.Study) -> list[Trial]:
        return [_trial(one) for one in _started(study)]

    def _folder(self, number: int) -> Path:
        return self.runner.folder / "trials" / str(number)

    def _lock(self, number: int) -> Path:
        return self.runner.folder / "locks" / str(number)


def _started(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=tuple(_STATES))


def _values(quality: float, cost: float | None) -> list[float]:
    return [quality] if cost is None else [quality, cost]


def _trial(one: FrozenTrial) -> Trial:
    said: dict[str, Any] = one.user_attrs
    return Trial(
        number=one.number,
        state=_STATES[one.state],
        changes=said.get("changes", {}),
        recipe=said.get("recipe", {}),
        curve=Curve.of(said.get("curve", {})),
        quality=one.values[0] if one.state is TrialState.COMPLETE else None,
        cost=said.get("cost"),
        seconds=said.get("seconds", 0.0),
        reason=said.get("reason", ""),
    )


def _require_sound(path: Path) -> None:
    if not path.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_SECONDS_FOR_OTHERS)) as database:
            [(said,)] = database.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise _damaged(path, said)


def _damaged(path: Path, reason: str) -> RunError:
    return RunError(
        f"the storage of the search, {path}, is damaged: {reason}",
        expected="the file as the search left it",
        fix="put back a copy of it, or search in a new folder; what trials/ holds is not touched",
    )
