"""Steps in order: what each reads, what comes out, and what must not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from edgekd.data import Example, Span
from edgekd.distill.augment import Augmenter, Recombination, Step, StepReport, Substitution, augment
from edgekd.distill.augment.edits import Deletion, TypingNoise
from edgekd.distill.augment.translation import BackTranslation
from edgekd.errors import UsageError

TRAIN = [
    Example("wake me at seven", "en", ("wake",), (Span(11, 16, "time"),)),
    Example("play queen at noon", "en", ("music",), (Span(5, 10, "artist"), Span(14, 18, "time"))),
    Example("wecke mich um acht", "de", ("wake",), (Span(14, 18, "time"),)),
    Example("hello", "en", ("greet",)),
]


@dataclass(frozen=True)
class Suffix(Augmenter):
    """Puts a suffix behind each text, and remembers what it read."""

    suffix: str
    read: list[str] = field(default_factory=list)

    def __call__(self, examples, rng):
        self.read[:] = [example.text for example in examples]
        for example in examples:
            yield replace(example, text=example.text + self.suffix)


def run(*steps: Step, examples=TRAIN, exclude=(), seed=1, **settings):
    return augment(examples, steps, exclude=exclude, seed=seed, **settings)


def texts(augmented) -> list[str]:
    return [example.text for example in augmented.examples]


def test_a_step_reads_what_it_names():
    first, second, third = Suffix("1"), Suffix("2"), Suffix("3")
    made = run(
        Step("first", first),
        Step("second", second, reads=("first",)),
        Step("third", third, reads=("given", "second")),
        examples=[Example("a", "en")],
    )
    assert (first.read, second.read, third.read) == (["a"], ["a1"], ["a", "a12"])
    assert texts(made) == ["a1", "a12", "a3", "a123"]


def test_each_text_once_and_the_held_back_never():
    later = Suffix("!")
    made = run(
        Step("same", Suffix("")),
        Step("new", Suffix("?")),
        Step("again", Suffix("?")),
        Step("later", later, reads=("new",)),
        exclude={"hello?", "hello"},
    )
    assert texts(made) == [f"{example.text}{end}" for end in ("?", "?!") for example in TRAIN[:3]]
    assert made.report == (
        StepReport("same", 0, 3, 1, None),
        StepReport("new", 3, 0, 1, "wake me at seven?"),
        StepReport("again", 0, 3, 1, None),
        StepReport("later", 3, 0, 0, "wake me at seven?!"),
    )
    assert later.read == texts(made)[:3]


def test_a_step_goes_on_until_there_are_enough_new_texts():
    few = run(Step("slips", TypingNoise()))
    enough = run(Step("slips", TypingNoise(), least=12))
    assert len(few.examples) < 12 <= len(enough.examples) == len(set(texts(enough)))
    assert texts(enough)[: len(few.examples)] == texts(few)
    # It ends where there is nothing new: English has two times, and one artist.
    every = run(Step("all", Recombination(times=8), least=10_000))
    assert set(texts(every)) == {"wake me at noon", "play queen at seven"}
    assert len(run(Step("same", Suffix("?"), least=100)).examples) == len(TRAIN)


def test_texts_for_the_teacher_have_a_language_and_no_labels():
    made = run(
        Step("recombined", Recombination(9)), Step("typed", TypingNoise(times=2), reads=("recombined",))
    )
    assert {(example.language, example.labels, example.spans) for example in made.examples} == {
        ("en", (), ())
    }
    assert [one.name for one in made.report if one.new] == ["recombined", "typed"]


def test_texts_for_a_control_without_a_teacher_keep_labels_and_spans():
    steps = [
        Step("recombined", Recombination(9)),
        Step("deleted", Deletion(times=3), reads=("given", "recombined")),
    ]
    gold, plain = run(*steps, gold=True), run(*steps)
    assert texts(gold) == texts(plain) and gold.report == plain.report
    values = {"seven", "noon", "acht", "queen"}
    for example in gold.examples:
        assert example.labels in {("wake",), ("music",)}
        found = {example.text[span.start : span.end] for span in example.spans}
        assert found == values & set(example.text.split())


def test_without_a_teacher_slots_are_not_lost_on_the_way():
    steps = [
        Step(
            "translated",
            BackTranslation(lambda texts, source, target: [text + "." for text in texts], ("fr",)),
        )
    ]
    assert run(*steps, gold=True).examples == (Example("hello..", "en", ("greet",)),)
    assert len(run(*steps).examples) == 4


def test_the_seed_and_the_name_of_a_step_decide_and_nothing_else():
    substituted = Step("substituted", Substitution(TRAIN, times=3))
    typed = Step("typed", TypingNoise(times=3))
    both = run(substituted, typed)
    assert both == run(substituted, typed)
    assert both != run(substituted, typed, seed=2)
    assert texts(run(typed)) == texts(both)[-len(run(typed).examples) :]
    assert texts(run(typed)) != texts(run(replace(typed, name="other")))


def test_blank_texts_do_not_come_out():
    @dataclass(frozen=True)
    class Blank(Augmenter):
        def __call__(self, examples, rng):
            yield from (replace(example, text=" ") for example in examples)

    assert run(Step("blank", Blank())).report == (StepReport("blank", 0, 0, 0, None),)


def test_every_step_is_tried_on_a_text_of_each_language_before_work_begins():
    first, tried = Suffix("1"), []

    def translate(texts, source, target):
        tried.append(source)
        if source == "de":
            raise ValueError("no German")
        return texts

    with pytest.raises(UsageError, match="no German"):
        run(
            Step("first", first),
            Step("translated", BackTranslation(translate, ("fr",)), reads=("first",)),
            examples=[Example("?!", "en"), *TRAIN],
        )
    assert tried == ["en", "fr", "de"]
    assert first.read == ["wake me at seven", "wecke mich um acht"]


@pytest.mark.parametrize(
    "names, said",
    [
        ([("a", ("given",)), ("a", ("given",))], "two steps"),
        ([("given", ("given",))], "two steps"),
        ([("a", ("b",)), ("b", ("given",))], "'a' of the augmentation reads 'b'"),
        ([("a", ("a",))], "reads 'a'"),
        ([("a", ())], "reads nothing"),
    ],
)
def test_steps_out_of_order_are_refused(names, said):
    with pytest.raises(UsageError, match=said):
        run(*(Step(name, Suffix("x"), reads) for name, reads in names))


def test_no_examples():
    assert run(Step("recombined", Recombination()), examples=[]).examples == ()
