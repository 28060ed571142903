"""The teachers of a student that reads: whose states it tells, and who guesses words."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.distill.intermediate import IntermediateLosses
from edgekd.errors import UsageError
from edgekd.recipe import Pretraining
from edgekd.teachers.guesses import MAX_LENGTH, Guesser
from edgekd.teachers.masked_lm import load_masked_lm
from edgekd.teachers.states import StateTeacher, load_parts
from edgekd.teachers.word_classes import WordClasses


def load_teachers(
    sources: Sequence[str], settings: Pretraining, texts: Sequence[str]
) -> tuple[list[StateTeacher], Guesser | None]:
    """What the settings ask for of the models in `sources`.

    Args:
        sources: folders or hub names of encoders, and of masked language models where words are guessed.
        texts: that will be read.

    Raises:
        UsageError: there is no such layer, or losses on what is inside of several teachers.
        TeacherError: one cannot be loaded, or does not guess words.
    """
    words, guesses = settings.words, settings.words is not None and settings.words.learn_from == "teacher"
    if settings.intermediate and len(sources) > 1:
        raise UsageError(
            f"losses on what is inside, and {len(sources)} teachers",
            expected="one teacher, or no intermediate losses",
        )
    models = [load_masked_lm(source) if guesses else load_parts(source) for source in sources]
    states, whole_words = [], not settings.student.reads_pieces
    if settings.layers or settings.intermediate:
        for network, tokenizer in models:
            layers, attention = list(settings.layers), ()
            if settings.intermediate:
                losses = IntermediateLosses.between(settings.intermediate, settings.student, network.config)
                depth = network.config.num_hidden_layers
                known = {layer % (depth + 1) for layer in layers}
                layers += [layer for layer in losses.teacher_layers if layer not in known]
                attention = losses.attention_layers
            states.append(
                StateTeacher(
                    network.base_model, tokenizer, layers, attention=attention, whole_words=whole_words
                )
            )
    if words is None:
        return states, None
    if words.told_apart == "hashed":
        classes = WordClasses(words.count)
    else:
        classes = WordClasses.frequent(models[0][1], texts, words.count, MAX_LENGTH)
    return states, Guesser(models, classes, words, masked=settings.hidden, whole_words=whole_words)
