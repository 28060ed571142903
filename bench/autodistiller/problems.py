"""Small data sets made of public ones: by language, by domain, and by size."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgekd.data.examples import Dataset, Example, LabelSet
from edgekd.data.splits import drop_unknown_labels

DEV_TEXTS = 500


@dataclass(frozen=True)
class Problem:
    """A part of a data set.

    Attributes:
        source: "massive", "mtop", "snips" or "clinc".
        texts: of train.
        language: all of the source's where it is None.
        domain: words of which a label has one; all labels where there are none.
    """

    name: str
    source: str
    texts: int
    language: str | None = None
    domain: tuple[str, ...] = ()

    def cut(self, whole: Dataset) -> Dataset:
        """The part, the same one in every process: texts are chosen by their hashes."""
        splits = {
            split: self._chosen(whole.splits[split], most)
            for split, most in (("train", self.texts), ("dev", DEV_TEXTS))
        }
        part = replace(whole, name=self.name, splits=splits, labels=LabelSet.of(splits["train"]))
        return drop_unknown_labels(part)

    def _chosen(self, examples: Sequence[Example], most: int) -> list[Example]:
        inside = [
            example
            for example in examples
            if self.language in (None, example.language)
            and (
                not self.domain
                or any(word in label.lower() for word in self.domain for label in example.labels)
            )
        ]
        return sorted(inside, key=by_hash)[:most]


def by_hash(example: Example) -> str:
    """A key that sorts examples the same way in every process, and by nothing in them."""
    return hashlib.sha256(f"{example.language} {example.text}".encode()).hexdigest()


PROBLEMS = (
    Problem("massive-en-500", "massive", 500, "en-US"),
    Problem("massive-en-2000", "massive", 2000, "en-US"),
    Problem("massive-de-1000", "massive", 1000, "de-DE"),
    Problem("massive-ja-1000", "massive", 1000, "ja-JP"),
    Problem("massive-ar-1000", "massive", 1000, "ar-SA"),
    Problem("massive-en-home", "massive", 1500, "en-US", ("iot_", "audio_", "play_", "alarm_")),
    Problem("massive-en-office", "massive", 1500, "en-US", ("calendar_", "email_", "lists_", "datetime_")),
    Problem("mtop-500", "mtop", 500),
    Problem("mtop-2000", "mtop", 2000),
    Problem("mtop-time", "mtop", 1500, domain=("alarm", "timer", "reminder")),
    Problem("snips-300", "snips", 300),
    Problem("snips-1500", "snips", 1500),
    Problem("clinc-1500", "clinc", 1500),
    Problem("clinc-4000", "clinc", 4000),
)
