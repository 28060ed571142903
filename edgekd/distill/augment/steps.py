"""The steps of a recipe as augmenters."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.data.examples import Example
from edgekd.distill.augment.augmenter import Augmenter
from edgekd.distill.augment.code_switching import CodeSwitching
from edgekd.distill.augment.edits import Deletion, Splitting, Swap, TypingNoise
from edgekd.distill.augment.lexical import Lexical, read_wordnet
from edgekd.distill.augment.lexicon import read_lexicon
from edgekd.distill.augment.pipeline import Step
from edgekd.distill.augment.recombination import Recombination
from edgekd.distill.augment.substitution import Substitution
from edgekd.distill.augment.translation import BackTranslation
from edgekd.recipe import Augmentation, augmentation

_EDITS = {"swap": Swap, "deletion": Deletion, "splitting": Splitting, "typing": TypingNoise}


def steps(settings: Augmentation, vocabulary: Sequence[Example]) -> list[Step]:
    """The pipeline that a recipe describes, with models and lexicons loaded.

    Args:
        settings: `Recipe.augmentation`.
        vocabulary: texts whose words may come into others.

    Raises:
        DataError, TeacherError: a lexicon or model is not there or not readable.
        MissingExtraError: a method needs a package that is not installed.
    """
    return [
        Step(name, _augmenter(one, vocabulary), one.reads, getattr(one, "least", 0))
        for name, one in settings.items()
        if getattr(one, "times", 1)
    ]


def _augmenter(settings: augmentation.AnyStep, vocabulary: Sequence[Example]) -> Augmenter:
    match settings:
        case augmentation.Recombination():
            return Recombination(settings.times)
        case augmentation.Substitution():
            return Substitution(vocabulary, settings.share, settings.times)
        case augmentation.Edit():
            return _EDITS[settings.method](settings.share, settings.times)
        case augmentation.Lexical():
            synonyms = read_wordnet(settings.wordnet) if settings.wordnet else {}
            synonyms |= {language: read_lexicon(path) for language, path in settings.lexicons.items()}
            return Lexical(synonyms, settings.share, settings.times)
        case augmentation.CodeSwitching():
            lexicons = {
                language: {other: read_lexicon(path) for other, path in by_other.items()}
                for language, by_other in settings.lexicons.items()
            }
            return CodeSwitching(lexicons, settings.share, settings.times)
        case augmentation.Contextual():
            from edgekd.distill.augment.contextual import Contextual, load_model

            return Contextual(load_model(settings.model), settings.share, settings.top, settings.times)
        case augmentation.BackTranslation():
            from edgekd.distill.augment.translator import Translator

            return BackTranslation(Translator(settings.model, settings.codes), settings.pivots)
