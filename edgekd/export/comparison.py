"""What exporting cost: a file against the student it came from, on labelled examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgekd.bench.quality import Quality
from edgekd.bench.runner.measure import Rules, draw_texts, measure
from edgekd.data.examples import Example, Task
from edgekd.errors import GateFailed, ParityError
from edgekd.progress import Progress, silent
from edgekd.quantize.schemes import Scheme
from edgekd.runtime import Bundle
from edgekd.students.student import Student

_BRIEFLY = Rules(min_calls=500, min_seconds=1.0, max_seconds=10.0)


@dataclass(frozen=True)
class Comparison:
    """What a file says of a split, and how fast.

    Attributes:
        task: which says what the metrics are.
        examples: in the split.
        agreement: share of them with the labels and slots that Keras gives.
        metrics: of the file, from 0 to 1 by name.
        change: of each metric against Keras in float; negative where the file is worse.
        p50_us: median latency from text to labels, one thread, on up to 500 of the texts.
    """

    task: Task
    examples: int
    agreement: float
    metrics: dict[str, float]
    change: dict[str, float]
    p50_us: float

    @property
    def loss(self) -> float:
        """Of the metric that lost most, 0 to 1."""
        return max(0.0, -min(self.change.values()))


def in_keras(student: Student, examples: Sequence[Example]) -> Quality:
    """The student itself, in float, on every example."""
    said = student.label([example.text for example in examples])
    return Quality.of(student.task, examples, (one.decode(student.labels, student.task) for one in said))


def in_runtime(bundle: Bundle, examples: Sequence[Example], progress: Progress = silent) -> Quality:
    """The exported file itself on every example, one text at a time as an app would ask it."""
    predictions = []
    with progress(f"predicting with {bundle.runtime.name}", len(examples)) as advance:
        for example in examples:
            predictions.append(bundle.prediction(example.text))
            advance(1)
    return Quality.of(bundle.task, examples, predictions)


def compare(
    bundle: Bundle,
    keras: Quality,
    examples: Sequence[Example],
    scheme: Scheme,
    *,
    max_loss: float | None = None,
    progress: Progress = silent,
) -> Comparison:
    """Run a bundle's file on every example and hold it against Keras.

    Args:
        bundle: with one runtime, which names the file.
        keras: as `in_keras` gives it for the same examples.
        examples: of a data set's split, at least one.
        scheme: of the file.
        max_loss: what each metric may lose, 0 to 1; None for anything.
        progress: shows the examples.

    Raises:
        ParityError: fewer texts than the scheme's share get the labels of Keras.
        GateFailed: a metric loses more than `max_loss`.
    """
    file = in_runtime(bundle, examples, progress)
    pairs = zip(file.predictions, keras.predictions, strict=True)
    share = sum(ours == theirs for ours, theirs in pairs) / len(examples)
    if share < scheme.agreement:
        raise ParityError(
            f"{bundle.runtime.name} gives only {share:.1%} of {len(examples)} texts the labels of Keras",
            expected=f"at least {scheme.agreement:.1%} with {scheme.name}",
            fix="export with --quantize float32 to see whether the quantization is to blame",
        )
    texts = draw_texts([example.text for example in examples])
    latency = measure({"file": bundle.predict}, texts, _BRIEFLY)["file"]
    metrics = file.scores.overall
    compared = Comparison(
        bundle.task,
        len(examples),
        share,
        metrics,
        {name: value - keras.scores.overall[name] for name, value in metrics.items()},
        latency.p50_us,
    )
    if max_loss is not None and compared.loss > max_loss:
        worst = min(compared.change, key=compared.change.__getitem__)
        raise GateFailed(
            f"{scheme.name} in {bundle.runtime.name} loses {100 * compared.loss:.2f} points of "
            f"{worst.replace('_', ' ')}",
            expected=f"at most {100 * max_loss:.2f} points (--max-loss)",
            fix="choose a scheme of more bits, or let --quantize auto choose",
        )
    return compared
