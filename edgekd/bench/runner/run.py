"""All that a runner finds out about a bundle: predictions, latency, start, memory, energy, the machine."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekd.bench.runner.cold import cold_start
from edgekd.bench.runner.energy import energy_per_text
from edgekd.bench.runner.job import Job
from edgekd.bench.runner.machine import machine, state
from edgekd.bench.runner.measure import Call, Latency, measure
from edgekd.bench.runner.memory import library_bytes
from edgekd.bench.runner.noise import REFERENCE, Others, noise, reference
from edgekd.bench.runner.overhead import overhead
from edgekd.bench.runner.profile import op_profile
from edgekd.progress import Progress
from edgekd.runtime import Bundle
from edgekd.runtime.backends import Runtime, choose, usable
from edgekd.runtime.manifest import Manifest

TEACHER = "teacher"


def run(job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job.

    Returns:
        JSON values:
        machine     `machine()` at the start, and under "after" its `state()` at the end
        noise       `noise()`; null where nothing was timed
        teacher     its latency; null where there is none
        runtimes    by name: version, file, library_bytes (of the runtime), predictions (of each text its
                    labels and its slots as [start, end, slot]), latency (by number of threads), overhead,
                    energy, cold, profile; null where it was not measured

    Raises:
        BundleError: the bundle cannot be run.
    """
    found_machine = machine()  # before the job adds load of its own
    manifest = Manifest.read(Path(job.bundle))
    names = [one.name for one in _runtimes(job.runtime, manifest)]
    bundles = {name: Bundle.load(job.bundle, name, job.threads[0]) for name in names}
    runtimes: dict[str, dict[str, Any]] = {
        name: {
            "version": bundle.runtime.version,
            "file": manifest.files[bundle.runtime.file].path.name,
            "library_bytes": library_bytes(bundle.runtime.module),
            "predictions": _predictions(bundle, job.texts, progress),
            "latency": {},
            "overhead": None,
            "energy": None,
            "cold": None,
            "profile": None,
        }
        for name, bundle in bundles.items()
    }
    taught, noisy = None, None
    if job.rules and job.timed:
        latencies, others = _time(job, bundles, progress)
        noisy = noise(latencies.pop(REFERENCE), others)
        taught = latencies.pop(TEACHER).to_dict() if TEACHER in latencies else None
        for contender, latency in latencies.items():
            name, threads = contender.rsplit(" ", 1)
            runtimes[name]["latency"][threads] = latency.to_dict()
        for name, bundle in bundles.items():
            watched = Bundle.load(job.bundle, name, job.threads[0])
            runtimes[name]["overhead"] = overhead(watched, job.timed)
            runtimes[name]["energy"] = energy_per_text(bundle.predict, job.timed)
        if job.profile and "litert" in bundles:
            with progress("profiling", 1) as advance:
                runtimes["litert"]["profile"] = op_profile(manifest, job.timed)
                advance(1)
    if job.timed:
        with progress("cold starts", len(bundles)) as advance:
            for name in bundles:
                runtimes[name]["cold"] = cold_start(
                    Path(job.bundle), name, job.threads[0], job.timed, job.python, timed=job.rules is not None
                )
                advance(1)
    return {
        "machine": {**found_machine, "after": state()},
        "noise": noisy,
        "teacher": taught,
        "runtimes": runtimes,
    }


def _runtimes(name: str, manifest: Manifest) -> Sequence[Runtime]:
    """The runtime asked for; with "all", every installed one that has a file in the bundle."""
    installed = usable(manifest) if name == "all" else []
    return installed or [choose("auto" if name == "all" else name, manifest)]


def _predictions(bundle: Bundle, texts: Sequence[str], progress: Progress) -> list[Any]:
    """What the file itself says, one text at a time, as an app would ask it."""
    predictions = []
    with progress(f"predicting with {bundle.runtime.name}", len(texts)) as advance:
        for text in texts:
            said = bundle.predict(text)
            slots = [[slot.start, slot.end, slot.slot] for slot in said.slots]
            predictions.append([list(said.labels), slots])
            advance(1)
    return predictions


def _time(
    job: Job, bundles: dict[str, Bundle], progress: Progress
) -> tuple[dict[str, Latency], float | None]:
    """Every runtime with every number of threads, the teacher and the reference, in turns; and what other
    processes took of the processors meanwhile."""
    calls: dict[str, Call] = {}
    for name, bundle in bundles.items():
        for threads in job.threads:
            one = bundle if threads == job.threads[0] else Bundle.load(job.bundle, name, threads)
            calls[f"{name} {threads}"] = one.predict
    with contextlib.ExitStack() as stack:
        if job.teacher is not None:
            from edgekd.bench.runner.teacher import teacher_call
            from edgekd.teachers import load_teacher

            with progress("loading the teacher", 1) as advance:
                teacher = load_teacher(job.teacher)
                advance(1)
            call = stack.enter_context(teacher_call(teacher, job.threads[0]))
            if call:
                calls[TEACHER] = call
        advance = stack.enter_context(progress(f"timing {', '.join(calls)}", 1))
        others = Others()
        latencies = measure(calls, job.timed, job.rules, {REFERENCE: reference})
        share = others.share()
        advance(1)
    return latencies, share
