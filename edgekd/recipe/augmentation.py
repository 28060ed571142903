"""The texts that are made of the labelled ones, for the teacher to label: steps by name, in their order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from edgekd.recipe.settings import Settings, by_name


class _Step(Settings):
    """One method.

    Attributes:
        reads: the names of the steps whose texts it changes; "given" for the labelled texts.
    """

    reads: tuple[str, ...] = Field(("given",), min_length=1)


class _Repeated(_Step):
    """A method that may be tried more than once on each text, with another outcome each time.

    Attributes:
        times: that it is tried on each text; 0 leaves it out.
        least: new texts. Where there are fewer, all is tried again, as long as that finds new ones.
    """

    times: int = Field(1, ge=0)
    least: int = Field(0, ge=0)


class Recombination(_Repeated):
    """Slot values swapped among texts of the same language."""

    method: Literal["recombination"] = "recombination"


class Substitution(_Repeated):
    """Words swapped for random ones of the language."""

    method: Literal["substitution"] = "substitution"
    share: float = Field(0.2, gt=0, le=1)


class Edit(_Repeated):
    """Words swapped with each other, deleted or split; or slips of the finger, by the letter."""

    method: Literal["swap", "deletion", "splitting", "typing"]
    share: float = Field(0.1, gt=0, le=1)


class Lexical(_Repeated):
    """Words swapped for synonyms.

    Attributes:
        wordnet: a WN-LMF file or a folder of them, as `wn` downloads it.
        lexicons: files of word pairs by language.
    """

    method: Literal["lexical"] = "lexical"
    wordnet: str | None = None
    lexicons: dict[str, str] = Field(default_factory=dict)
    share: float = Field(0.2, gt=0, le=1)


class CodeSwitching(_Repeated):
    """Words swapped for translations.

    Attributes:
        lexicons: files of word pairs, by language of the text and then by the other language.
    """

    method: Literal["code_switching"] = "code_switching"
    lexicons: dict[str, dict[str, str]]
    share: float = Field(0.3, gt=0, le=1)


class Contextual(_Repeated):
    """Words swapped for those that a masked language model expects.

    Attributes:
        model: a folder or hub name.
        top: how many of the likeliest words there are to choose from.
    """

    method: Literal["contextual"] = "contextual"
    model: str
    share: float = Field(0.35, gt=0, le=1)
    top: int = Field(15, ge=1)


class BackTranslation(_Step):
    """Texts translated and back.

    Attributes:
        model: a folder or hub name of a model of many languages, or a pattern of models of one direction,
            such as "Helsinki-NLP/opus-mt-{source}-{target}".
        pivots: the languages to go through.
        codes: what the model calls a language of the data, where that is another name.
    """

    method: Literal["back_translation"] = "back_translation"
    model: str
    pivots: tuple[str, ...] = Field(min_length=1)
    codes: dict[str, str] = Field(default_factory=dict)


AnyStep = Recombination | Substitution | Edit | Lexical | CodeSwitching | Contextual | BackTranslation

Augmentation = Annotated[
    dict[str, Annotated[AnyStep, Field(discriminator="method")]], BeforeValidator(by_name("method"))
]
"""Steps by name; a step whose method is not said is of the method of its name."""
