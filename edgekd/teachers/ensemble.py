"""Several teachers as one: each answers the languages it knows, in labels that are mapped to the same ones.

A teacher's own answers are what is stored. Mapping, filling in and mixing take less than a millisecond and
are done when a text is asked for, so that another weighting or another mapping runs no teacher again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekd.data.examples import Dataset, LabelSet
from edgekd.errors import LabelError, UsageError
from edgekd.teachers.label_map import LabelMap, Translation
from edgekd.teachers.opinions import Side, side_by_side
from edgekd.teachers.teacher import SoftLabels, Teacher
from edgekd.teachers.weights import Weighting

_MEMBER = re.compile(
    r"((?P<languages>[\w-]+(,[\w-]+)*)=)?(?P<source>.+?)(@(?P<mapping>[^@]+\.(ya?ml|json)))?", re.DOTALL
)


@dataclass(frozen=True)
class Member:
    """A teacher of an ensemble.

    Attributes:
        languages: that it answers; "de" answers "de-AT" too. Empty: every one.
        mapping: of its labels to the data's.
        name: what it is called in reports.
    """

    teacher: Teacher
    languages: tuple[str, ...] = ()
    mapping: LabelMap | None = None
    name: str = "a teacher"

    @property
    def labels(self) -> LabelSet:
        """Its labels by the data's names."""
        own = self.teacher.labels
        return own if self.mapping is None else self.mapping.target(own)

    def key(self) -> tuple:
        """Changes whenever what it says may."""
        return self.teacher.fingerprint, self.languages, self.mapping and self.mapping.key()

    def answers(self, language: str) -> bool:
        return not self.languages or any(f"{language}-".startswith(f"{known}-") for known in self.languages)


class Ensemble:
    """Several teachers as a teacher.

    Members without a mapping have the same labels, and those are the ensemble's. Where all have one, the
    ensemble's labels are all that they are mapped to.

    Raises:
        LabelError: their tasks differ, or their labels without a mapping; or a mapping names what there is
            not.
    """

    def __init__(self, members: Sequence[Member | Teacher]) -> None:
        self.members = tuple(one if isinstance(one, Member) else Member(one) for one in members)
        first = self.members[0]
        self.task = first.teacher.task
        self.any_text = all(one.teacher.any_text for one in self.members)
        self.labels = _common_labels(self.members)
        self._translations = tuple(
            None
            if one.teacher.labels == self.labels and not one.mapping
            else Translation(one.mapping or LabelMap(), one.teacher.labels, self.labels, self.task)
            for one in self.members
        )
        key = repr([one.key() for one in self.members])
        self.fingerprint = hashlib.sha256(key.encode()).hexdigest()[:16]

    def who_answers(self, language: str) -> tuple[int, ...]:
        """The numbers of the members that know a language."""
        return tuple(number for number, one in enumerate(self.members) if one.answers(language))

    def side(self, members: Sequence[int], outputs: Sequence[SoftLabels]) -> Side:
        """What these members say, brought into the labels of the ensemble."""
        pairs = zip((self._translations[number] for number in members), outputs, strict=True)
        return side_by_side([said if read is None else read(said) for read, said in pairs], self.task)

    def label(self, texts: Sequence[str]) -> Iterator[SoftLabels]:
        """Mean soft labels of all members, in order: a bare text does not say which of them know its
        language. `edgekd.teachers.answers` asks those that do."""
        every = range(len(self.members))
        alike = np.ones((len(self.members), 1))
        for outputs in zip(*(one.teacher.label(texts) for one in self.members), strict=True):
            yield self.side(every, outputs).mixed(alike, alike, self.task)

    def require(self, languages: Collection[str], weighting: Weighting | None = None) -> None:
        """Raise an error if something of these languages cannot be answered.

        Raises:
            LabelError: no member knows a language, or none that does knows every label.
            UsageError: the weighting is for another number of teachers, or leaves a language without one.
        """
        weights = weighting.weights if weighting and weighting.weights else (1.0,) * len(self.members)
        if len(weights) != len(self.members):
            raise UsageError(
                f"there are {len(weights)} weights for {len(self.members)} teachers",
                expected="a weight for each teacher, in their order",
            )
        for language in sorted(languages):
            who = self.who_answers(language)
            if not who:
                raise LabelError(
                    f"no teacher answers texts in {language!r}",
                    expected="for each language of data and texts a teacher that knows it",
                    fix="name the language before a teacher (de,fr=TEACHER), or give one without languages",
                )
            if not any(weights[number] for number in who):
                raise UsageError(
                    f"all teachers that answer {language!r} have the weight 0",
                    expected="a weight above 0 for one of them",
                )
            if not any(self._is_complete(number) for number in who):
                lacking = {number: _lacking(self.labels, self.members[number].labels) for number in who}
                number = min(lacking, key=lambda number: len(lacking[number]))
                raise LabelError(
                    f"no teacher that answers {language!r} knows every label: "
                    f"{self.members[number].name} lacks {', '.join(map(repr, lacking[number][:5]))}",
                    expected="for each language one teacher with all labels, which the others add to",
                    fix="map another label to it, or add such a teacher",
                )

    def _is_complete(self, number: int) -> bool:
        translation = self._translations[number]
        return translation is None or translation.complete

    def require_use(self, dataset: Dataset, languages: Collection[str]) -> None:
        """Raise LabelError if a member is named for nothing: for languages that are not there, or with labels
        mapped to what the data does not have."""
        for one in self.members:
            if not any(map(one.answers, languages)):
                raise LabelError(
                    f"{one.name} is to answer {', '.join(one.languages)}, of which there is nothing",
                    expected=f"languages among {', '.join(sorted(languages))}",
                )
            lacking = _lacking(one.labels, dataset.labels) if one.mapping else []
            if lacking:
                raise LabelError(
                    f"{one.name} maps to {len(lacking)} labels that {dataset.name} does not have, such as "
                    f"{lacking[0]!r}",
                    expected="labels and slots of the data",
                    fix="correct the mapping; null leaves a label of the teacher out",
                )


def load_ensemble(source: str, precision: str = "float32") -> Ensemble:
    """The ensemble that a source spells: members joined by "+", each [LANGUAGES=]TEACHER[@MAPPING].

    LANGUAGES are joined by commas, TEACHER is as for `load_teacher`, MAPPING is a YAML or JSON file
    (`edgekd.teachers.label_map`): de,fr=teacher1/+teacher2/@labels.yaml.
    """
    return Ensemble([_load_member(part.strip(), precision) for part in source.split("+")])


def spells_ensemble(source: str) -> bool:
    """Whether it is more than the name of one teacher. What is a path is a path, whatever is in its name."""
    if Path(source).exists():
        return False
    found = _MEMBER.fullmatch(source)
    return "+" in source or bool(found and (found["languages"] or found["mapping"]))


def _load_member(source: str, precision: str) -> Member:
    from edgekd.teachers import load_teacher

    found = None if Path(source).exists() else _MEMBER.fullmatch(source)
    if found is None:
        return Member(load_teacher(source, precision), name=source)
    mapping = LabelMap.load(found["mapping"]) if found["mapping"] else None
    teacher = load_teacher(found["source"], precision)
    if mapping:
        mapping.require(teacher.labels, where=found["mapping"], teacher=found["source"])
    languages = tuple(found["languages"].split(",")) if found["languages"] else ()
    return Member(teacher, languages, mapping, found["source"])


def _common_labels(members: Sequence[Member]) -> LabelSet:
    plain = [one for one in members if one.mapping is None]
    first = (plain or members)[0]
    for one in members:
        if one.teacher.task is not first.teacher.task:
            raise LabelError(
                f"{one.name} is for {one.teacher.task}, and {first.name} for {first.teacher.task}",
                expected="teachers of the same task",
            )
        differing = _lacking(one.labels, first.labels) or _lacking(first.labels, one.labels)
        if one.mapping is None and differing:
            raise LabelError(
                f"{one.name} and {first.name} have other labels: {', '.join(map(repr, differing[:5]))} "
                f"{'are' if len(differing) > 1 else 'is'} known to one of them only",
                expected="the same labels and slots, or a mapping of one to the other's",
                fix="write one, in YAML: labels: {THEIRS: OURS}; and name it: TEACHER@labels.yaml",
            )
        if plain and (lacking := _lacking(one.labels, first.labels)):
            raise LabelError(
                f"{one.name} is mapped to {len(lacking)} labels that {first.name} does not have, such as "
                f"{lacking[0]!r}",
                expected=f"labels and slots of {first.name}, which has no mapping",
                fix="correct the mapping; null leaves a label of the teacher out",
            )
    if plain:
        return first.labels
    every = [one.labels for one in members]
    return LabelSet(
        tuple(sorted({name for one in every for name in one.labels})),
        tuple(sorted({name for one in every for name in one.slots})),
    )


def _lacking(labels: LabelSet, known: LabelSet) -> list[str]:
    """Labels and slots that `known` does not have."""
    return sorted({*labels.labels} - {*known.labels}) + sorted({*labels.slots} - {*known.slots})
