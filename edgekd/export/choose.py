"""`--quantize auto`: for each format the smallest file that is fast and loses little."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgekd.bench.runner.measure import Latency, Rules, draw_texts, measure
from edgekd.data.examples import Example
from edgekd.errors import ExportError
from edgekd.export.bundle import export, open_file
from edgekd.export.description import Exported
from edgekd.progress import Progress, silent
from edgekd.quantize.schemes import SCHEMES, Scheme

MOST_SLOWER = 1.25
"""How many times the fastest file's median latency a smaller one may take."""

NEARLY_AS_SMALL = 1.02
"""How many times the bytes of the smallest file one may have that loses less."""


@dataclass(frozen=True)
class Trial:
    """One scheme tried in one format: its file, or why there is none."""

    format: str
    scheme: Scheme
    file: Exported | None
    refused: str = ""


def try_schemes(
    run: Path,
    examples: Sequence[Example],
    formats: Sequence[str],
    *,
    name: str = "student",
    calibration: Sequence[str] = (),
    progress: Progress = silent,
) -> list[Trial]:
    """Export in every scheme to a folder that is thrown away; the arguments are those of `export`.

    The files of a format are timed side by side in the end, so that all see the same state of the machine.
    """
    texts = draw_texts([example.text for example in examples])
    trials = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in formats:
            tried, opened = [], {}
            for scheme in SCHEMES.values():
                out = Path(folder) / f"{kind}_{scheme.name}"
                try:
                    [file] = export(
                        run,
                        out,
                        {kind: scheme},
                        name=name,
                        examples=examples,
                        calibration=calibration,
                        progress=progress,
                    )
                except ExportError as error:
                    tried.append(Trial(kind, scheme, None, error.given))
                    continue
                tried.append(Trial(kind, scheme, file))
                opened[scheme.name] = open_file(out, file).predict
            latencies = measure(opened, texts, Rules(min_seconds=1.0)) if opened else {}
            trials += [_timed(trial, latencies) for trial in tried]
    return trials


def _timed(trial: Trial, latencies: Mapping[str, Latency]) -> Trial:
    if trial.file is None or trial.file.comparison is None:
        return trial
    p50_us = latencies[trial.scheme.name].p50_us
    return replace(trial, file=replace(trial.file, comparison=replace(trial.file.comparison, p50_us=p50_us)))


def best(trials: Sequence[Trial], max_loss: float) -> dict[str, Scheme]:
    """By format the scheme of the smallest file among those that pass and are nearly as fast as the fastest.

    Of files of nearly the same size it takes the one that loses least.

    Args:
        trials: with a comparison each, or refused.
        max_loss: what each metric may lose against Keras, 0 to 1.

    A format in which no scheme passes is left out.
    """
    chosen = {}
    for kind in dict.fromkeys(trial.format for trial in trials):
        compared = {
            trial.scheme: (trial.file.bytes, trial.file.comparison)
            for trial in trials
            if trial.format == kind and trial.file and trial.file.comparison
        }
        passed = {scheme: one for scheme, one in compared.items() if one[1].loss <= max_loss}
        if not passed:
            continue
        fastest = min(comparison.p50_us for _, comparison in passed.values())
        fast = {
            scheme: (size, comparison.loss)
            for scheme, (size, comparison) in passed.items()
            if comparison.p50_us <= MOST_SLOWER * fastest
        }
        smallest = min(size for size, _ in fast.values())
        small = [scheme for scheme, (size, _) in fast.items() if size <= NEARLY_AS_SMALL * smallest]
        chosen[kind] = min(small, key=lambda scheme: fast[scheme][::-1])
    return chosen
