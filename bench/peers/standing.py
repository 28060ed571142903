"""Where the student stands: which peers are as accurate, and where one of them is faster or smaller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.peers.student import STUDENT
from edgekd.bench.figures import percent

AS_ACCURATE = 0.01
"""A peer is as accurate as the student where it is at most a point below it."""

Comparison = Mapping[str, Any]
"""What `suite.compare` gives."""


def standing(found: Comparison) -> list[str]:
    """Sentences on every trained peer that is ahead of the student in something; the worst for it first.

    A peer that finds slots is held to it by exact match, any other by the accuracy of labels. The same
    weights otherwise (`student-...`) are no peers.
    """
    own = found["peers"][STUDENT]
    told: dict[str, list[str]] = {"not ahead": [], "better": [], "weaker": []}
    for one in found["peers"].values():
        if one["kind"] == STUDENT or not one["trained"]:
            continue
        metric = "exact_match" if "exact_match" in one["scores"] else "accuracy"
        difference = one["scores"][metric] - own["scores"][metric]
        cheaper = _cheaper(one, own)
        words = f"{one['name']} ({percent(one['scores'][metric])} {_METRICS[metric]}, {_sides(one, found)}"
        if cheaper and difference >= -AS_ACCURATE:
            told["not ahead"].append(f"{words}{' and '.join(cheaper)})")
        elif cheaper:
            told["weaker"].append(f"{words}{' and '.join(cheaper)})")
        elif difference > AS_ACCURATE:
            told["better"].append(f"{words}slower and larger)")
    sentences = []
    if told["not ahead"]:
        sentences.append(f"As accurate, within a point, and cheaper: {_listed(told['not ahead'])}.")
    else:
        sentences.append(
            "No peer of the student's accuracy, within a point, is faster or smaller than the student."
        )
    if told["weaker"]:
        sentences.append(f"Cheaper and less accurate: {_listed(told['weaker'])}.")
    if told["better"]:
        sentences.append(f"More accurate by more than a point: {_listed(told['better'])}.")
    return sentences


_METRICS = {"exact_match": "exact match", "accuracy": "accuracy"}


def _sides(one: Mapping[str, Any], found: Comparison) -> str:
    """A reminder where the peer does less than the student."""
    return "" if one["slots"] == found["peers"][STUDENT]["slots"] else "no slots, "


def _cheaper(one: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Faster only where the whole interval of the ratio says so."""
    faster = one["times_slower"]["interval"][1] < 1
    return ["faster"] * faster + ["smaller"] * (one["bytes"] < own["bytes"])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
