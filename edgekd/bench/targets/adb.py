"""An Android phone, by `adb` and LiteRT's benchmark binary: the time of the model alone, and its memory.

The binary (benchmark_model, which LiteRT's page on measuring performance offers; the user names the file)
feeds tensors of its own to one signature and prints statistics, so this is less than what other targets give:
no labels, hence no quality, and not the time from text to labels but that of the runtime's call. Each
signature is timed by itself; the distribution is that of the data's texts, each by the signature it takes.

Tested on output recorded from the tool, not on a phone.
"""

from __future__ import annotations

import math
import re
import secrets
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgekd.bench.runner.job import Job
from edgekd.bench.runner.measure import Rules
from edgekd.bench.runner.signatures import signatures_of
from edgekd.errors import TargetError, UsageError
from edgekd.progress import Progress
from edgekd.runtime.manifest import Manifest, ModelFile

FOLDER = "/data/local/tmp"

_SERIAL = re.compile(r"[A-Za-z0-9][\w.:-]*", re.ASCII)
_CPUS = re.compile(r"[0-9A-Fa-f]{1,16}")
_NUMBER = r"([0-9.]+(?:e[+-]?[0-9]+)?)"
_STATISTICS = re.compile(
    rf"count={_NUMBER} first={_NUMBER} curr={_NUMBER} min={_NUMBER} max={_NUMBER} avg={_NUMBER} std={_NUMBER}"
    rf"(?: p5={_NUMBER} median={_NUMBER} p95={_NUMBER})?"
)
_MEMORY = re.compile(
    r"(?:footprint delta from the start of the tool|Peak memory footprint) \(MB\): "
    rf"init={_NUMBER} overall={_NUMBER}"
)
_TIMINGS = re.compile(
    rf"Inference timings in us: Init: {_NUMBER}, First inference: {_NUMBER}, "
    rf"Warmup \(avg\): {_NUMBER}, Inference \(avg\): {_NUMBER}"
)


@dataclass(frozen=True)
class Statistics:
    """What the binary prints of one signature.

    Attributes:
        median_us: None where the binary is older than that figure.
        memory_bytes: what the tool's memory grew by, roughly; None where it is not told.
    """

    count: int
    mean_us: float
    deviation_us: float
    max_us: float
    median_us: float | None
    init_us: float
    first_us: float
    memory_bytes: int | None

    @classmethod
    def parse(cls, output: str) -> Statistics:
        """Raises TargetError where the output is not that of the tool."""
        found, timings = _STATISTICS.findall(output), _TIMINGS.search(output)
        if not found or not timings:
            raise TargetError(
                f"the benchmark binary printed no timings: {output.strip()[-500:]}",
                expected="LiteRT's or TensorFlow Lite's benchmark_model for the phone's processor",
            )
        count, _, _, _, largest, mean, deviation, _, median, _ = found[-1]  # the first is the warm-up
        memory = _MEMORY.search(output)
        return cls(
            int(float(count)),
            float(mean),
            float(deviation),
            float(largest),
            float(median) if median else None,
            float(timings[1]),
            float(timings[2]),
            int(float(memory[2]) * 1e6) if memory else None,
        )

    @property
    def middle_us(self) -> float:
        """The median, or else the mean."""
        return self.mean_us if self.median_us is None else self.median_us


@dataclass(frozen=True)
class AdbTarget:
    """A phone.

    Attributes:
        serial: as `adb devices` lists it.
        benchmark: the binary, here.
        cpus: the cores to run on, a mask in hexadecimal digits as `taskset` takes it; all of them if None.
    """

    name: str
    serial: str
    benchmark: Path
    cpus: str | None = None

    kind = "adb"

    @classmethod
    def parse(
        cls, url: str, name: str | None = None, benchmark: Path | None = None, cpus: str | None = None
    ) -> AdbTarget:
        """Of adb://SERIAL.

        Raises:
            UsageError: it is something else, or the binary or the cores are not what they should be.
        """
        serial = url.removeprefix("adb://").rstrip("/")
        if not _SERIAL.fullmatch(serial):
            raise UsageError(
                f"{url!r} is not the address of a phone", expected="adb://SERIAL, as `adb devices` lists it"
            )
        if benchmark is None or not benchmark.is_file():
            raise UsageError(
                f"{url} has no benchmark binary" + (f": there is no file {benchmark}" if benchmark else ""),
                expected="`benchmark:` in a file of targets, the path of benchmark_model for Android",
            )
        if cpus is not None and not _CPUS.fullmatch(cpus):
            raise UsageError(f"{url} has the cpus {cpus!r}", expected="a mask for `taskset`, such as f0")
        return cls(name or url, serial, benchmark, cpus)

    def run(self, job: Job, progress: Progress) -> dict[str, Any]:
        """As `Target.run`, without predictions: None instead."""
        manifest = Manifest.read(Path(job.bundle))
        file = manifest.files.get("tflite")
        if file is None or job.rules is None:
            raise TargetError(f"{self.name} runs TFLite files only", expected="a bundle with one")
        file.verify()
        used = signatures_of(manifest, job.timed)
        state = self._adb("get-state").strip()
        if state != "device":
            raise TargetError(
                f"{self.name} is {state!r}", expected="a phone that `adb devices` calls `device`"
            )
        folder = f"{FOLDER}/edgekd-{secrets.token_hex(4)}"
        self._shell("mkdir", folder)
        try:
            self._adb("push", str(self.benchmark), f"{folder}/benchmark_model")
            self._adb("push", str(file.path), f"{folder}/model.tflite")
            self._shell("chmod", "755", f"{folder}/benchmark_model")
            found: dict[str, dict[str, Statistics]] = {}
            signatures = sorted({one.name for one in used})
            with progress(f"timing on {self.name}", len(job.threads) * len(signatures)) as advance:
                for threads in job.threads:
                    found[str(threads)] = {}
                    for name in signatures:
                        output = self._shell(*self._command(folder, name, threads, job.rules))
                        found[str(threads)][name] = Statistics.parse(output)
                        advance(1)
        finally:
            self._shell("rm", "-rf", folder)
        return {
            "machine": self._machine(),
            "noise": None,
            "teacher": None,
            "runtimes": {"litert": _findings(file, found, [one.name for one in used])},
        }

    def _command(self, folder: str, signature: str, threads: int, rules: Rules) -> list[str]:
        pinned = ["taskset", self.cpus] if self.cpus else []
        return [
            *pinned,
            f"{folder}/benchmark_model",
            f"--graph={folder}/model.tflite",
            f"--signature_to_run_for={signature}",
            f"--num_threads={threads}",
            f"--num_runs={rules.min_calls}",
            f"--min_secs={rules.min_seconds}",
            f"--max_secs={rules.max_seconds}",
        ]

    def _machine(self) -> dict[str, Any]:
        """What the phone says of itself, as far as it has the facts of other targets."""
        model, release, abi = (
            self._shell("getprop", name).strip()
            for name in ("ro.product.model", "ro.build.version.release", "ro.product.cpu.abi")
        )
        return {
            "cpu": model,
            "architecture": abi,
            "system": f"Android {release}",
            "cpus": self.cpus or "all",
        }

    def _shell(self, *command: str) -> str:
        """What a command on the phone writes; its words are quoted, since `adb shell` joins them."""
        return self._adb("shell", shlex.join(command))

    def _adb(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                ["adb", "-s", self.serial, *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            raise TargetError("there is no `adb` on this machine", fix="apt-get install adb") from None
        if done.returncode:
            raise TargetError(
                f"`adb {' '.join(arguments)}` on {self.name} ended with code {done.returncode}: "
                f"{(done.stderr.strip() or done.stdout.strip())[-500:]}",
                expected="a phone with USB debugging on, that `adb devices` calls `device`",
            )
        return done.stdout + done.stderr


def _findings(
    file: ModelFile, found: Mapping[str, Mapping[str, Statistics]], used: Sequence[str]
) -> dict[str, Any]:
    """What other targets' runners say of a runtime, as far as it is known."""
    first = next(iter(found.values()))
    memory = [one.memory_bytes for one in first.values() if one.memory_bytes is not None]
    cold = dict.fromkeys(("process_to_answer_ms", "import_ms", "bare_rss_bytes", "steady_rss_bytes"))
    slowest = max(first.values(), key=lambda one: one.init_us)
    return {
        "version": "of the benchmark binary",
        "file": file.path.name,
        "library_bytes": None,
        "predictions": None,
        "latency": {threads: _latency(by_name, used) for threads, by_name in found.items()},
        "overhead": None,
        "energy": None,
        "profile": None,
        "cold": {
            **cold,
            "processes": 1,
            "load_ms": slowest.init_us / 1e3,
            "first_answer_ms": slowest.first_us / 1e3,
            "peak_rss_bytes": max(memory, default=None),
        },
    }


def _latency(by_name: Mapping[str, Statistics], used: Sequence[str]) -> dict[str, Any]:
    """Over the texts, each by the median (or mean) of its signature; intervals by the standard error."""
    values = np.array([by_name[name].middle_us for name in used])
    errors = np.array([by_name[name].deviation_us / math.sqrt(by_name[name].count) for name in used])
    order = np.argsort(values)

    def at(share: int) -> tuple[float, list[float]]:
        place = order[min(len(order) - 1, int(len(order) * share / 100))]
        return float(values[place]), [float(values[place] + side * errors[place]) for side in (-1.96, 1.96)]

    return {
        "of": "the model alone",
        "calls": sum(one.count for one in by_name.values()),
        "stable": True,
        "mean_us": float(np.mean([by_name[name].mean_us for name in used])),
        **{f"p{share}_us": at(share)[0] for share in (50, 90, 99)},
        **{f"p{share}_interval_us": at(share)[1] for share in (50, 90, 99)},
        "max_us": max(one.max_us for one in by_name.values()),
        "by_signature": {name: vars(one) for name, one in by_name.items()},
        "histogram": None,
    }
