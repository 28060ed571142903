"""Hidden words that a student is to guess."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from edgekd.errors import UsageError
from edgekd.recipe.settings import Settings
from edgekd.teachers.weights import Weighting


class Words(Settings):
    """What a student is asked of words that it does not see.

    Attributes:
        learn_from: the guesses of the teachers, which are masked language models then ("teacher"), or the
            words that were there ("text").
        told_apart: what a guess may be: the sub-words that begin the most words of the texts ("frequent"), or
            all sub-words, by a hash ("hashed").
        count: of what is told apart.
        top: guesses that are kept for a word, the likeliest.
        weight: of the loss.
        teacher_weights: how several teachers are weighed: mean, confidence, or a number for each
            (`edgekd.teachers.weights`).
    """

    learn_from: Literal["teacher", "text"] = "teacher"
    told_apart: Literal["frequent", "hashed"] = "frequent"
    count: int = Field(4000, ge=2)
    top: int = Field(16, ge=1)
    weight: float = Field(1.0, gt=0)
    teacher_weights: str = "confidence"

    @field_validator("teacher_weights")
    @classmethod
    def _known_without_dev(cls, spelling: str) -> str:
        if Weighting.parse(spelling).kind == "dev":
            raise UsageError(
                "teacher_weights is dev, and plain text has no labels", expected="mean, confidence or numbers"
            )
        return spelling
