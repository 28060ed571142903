"""What each teacher of an ensemble, their mean, and the mix in use are worth on dev."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekd.data.examples import Example, Prediction
from edgekd.metrics import score
from edgekd.teachers.answers import Mixture
from edgekd.teachers.opinions import Side, log_softmax

MEAN, MIX = "mean", "mix"


def ensemble_report(mixture: Mixture, dev: Sequence[Example]) -> dict[str, Any]:
    """Scores on dev and the weights in use, as JSON values.

    A teacher that knows only some labels is judged with the others filled in, as it goes into the mix. The
    mix is judged without looking: by weights that were chosen on the other half of dev, or by confidence as
    if the labels were not known.

    Returns:
        "teachers": for each its name, languages, and "dev": texts, metrics, and the mean log-likelihood of a
        text. "mean" and "mix": the same of these. "weighting": its kind; and what goes with it, "weights",
        "temperature", or for weights chosen on dev "chosen": by the teachers that answer together, weights,
        gain and standard error (`choose.Choice`).
    """
    judged: dict[int | str, list[tuple[Example, Prediction, float]]] = defaultdict(list)
    for members, examples in mixture.together(dev).items():
        for number, example in enumerate(examples):
            side = mixture.side(example.text)
            versions: dict[int | str, NDArray[np.float64]] = {MEAN: np.ones(len(members))}
            versions |= dict(zip(members, np.eye(len(members)), strict=True))
            if members in mixture.choices:
                versions[MIX] = mixture.choices[members].of_halves[number % 2]
            for name, weights in versions.items():
                judged[name].append(_judged(mixture, example, side, (weights[:, None], weights[:, None])))
            if MIX not in versions:
                judged[MIX].append(_judged(mixture, example, side, mixture.weights(example.text, side)))
    task = mixture.ensemble.task

    def summary(name: int | str) -> dict[str, Any]:
        examples, predictions, log_likelihoods = zip(*judged[name], strict=True)
        return {
            "texts": len(examples),
            **score(task, examples, predictions).overall,
            "log_likelihood": float(np.mean(log_likelihoods)),
        }

    return {
        "teachers": [
            {
                "name": one.name,
                "languages": list(one.languages),
                "dev": summary(number) if number in judged else None,
            }
            for number, one in enumerate(mixture.ensemble.members)
        ],
        MEAN: summary(MEAN),
        MIX: summary(MIX),
        "weighting": mixture.weighting.kind,
        **_settings(mixture),
    }


def _judged(
    mixture: Mixture, example: Example, side: Side, weights: tuple[NDArray[np.float64], ...]
) -> tuple[Example, Prediction, float]:
    """The prediction by these weights, and the log-likelihood of what is known to be right."""
    task, labels = mixture.ensemble.task, mixture.ensemble.labels
    log_likelihood = 0.0
    kinds = zip((side.labels, side.tags), mixture.right_choices(side, example), weights, strict=True)
    for opinions, right, of_kind in kinds:
        if opinions is not None:
            log_p = log_softmax(opinions.mixed(of_kind))
            log_likelihood += sum(log_p[row, choice] for row, choice in enumerate(right) if choice >= 0)
    return example, side.mixed(*weights, task).decode(labels, task), float(log_likelihood)


def _settings(mixture: Mixture) -> dict[str, Any]:
    kind = mixture.weighting.kind
    if kind == "fixed":
        return {"weights": list(mixture.weighting.weights)}
    if kind == "confidence":
        return {"temperature": mixture.weighting.temperature}
    if kind == "mean":
        return {}
    return {
        "chosen": [
            {
                "teachers": [mixture.ensemble.members[number].name for number in members],
                "weights": choice.weights.tolist(),
                "gain": choice.gain,
                "standard_error": choice.standard_error,
                "texts": choice.texts,
            }
            for members, choice in mixture.choices.items()
        ]
    }
