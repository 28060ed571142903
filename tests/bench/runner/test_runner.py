"""The runner with nothing of edgekd but what is sent to a target."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy
import pytest

from edgekd.bench.runner.job import Job
from edgekd.bench.runner.machine import machine
from edgekd.bench.runner.measure import Rules
from edgekd.bench.runner.overhead import overhead
from edgekd.bench.targets.upload import write_all
from edgekd.runtime import Bundle

TEXTS = ("wake me at 7", "\udc00", "")
QUICK = Rules(50, 0.05, 1.0)


def test_jobs_survive_json() -> None:
    for job in (Job("b"), Job("b", "all", (1, 2), TEXTS, TEXTS[:1], None, "t", True, ("python3", "-B"))):
        assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


def unpacked(job: Job, folder: Path) -> Path:
    content = io.BytesIO()
    write_all(content, job, [])
    content.seek(0)
    with tarfile.open(fileobj=content) as tar:
        tar.extractall(folder, filter="data")
    return folder


def run(folder: Path) -> tuple[int, list[dict]]:
    """In a Python that finds numpy and the runtime here, and edgekd in the folder alone."""
    packages = Path(numpy.__file__).parents[1]
    blocked = (
        "import sys; sys.modules.update(dict.fromkeys(['tensorflow', 'torch', 'rich', 'typer', 'pydantic']))"
    )
    program = f"{blocked}; import runpy; runpy.run_module('edgekd.bench.runner', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, "job.json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "code"), str(packages)])},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_it_needs_no_more_than_what_is_sent(bundle_folder: Path, tmp_path: Path) -> None:
    folder = unpacked(Job(str(bundle_folder), "all", texts=TEXTS, timed=TEXTS, rules=QUICK), tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["bundle", "code", "job.json"]
    assert not list(folder.glob("code/**/__pycache__"))
    code, lines = run(folder)
    assert code == 0
    assert lines[0] == {"stage": "predicting with litert", "total": 3}
    found = lines[-1]["findings"]
    for runtime in found["runtimes"].values():
        assert runtime["predictions"][0] == [["numbers"], [[11, 12, "number"]]]
        assert 0 <= runtime["overhead"]["share"] < 1
        assert 0 < runtime["cold"]["steady_rss_bytes"] <= runtime["cold"]["peak_rss_bytes"]
    # A single slice, all that a busy machine has time for here, has no spread.
    assert found["noise"].keys() == {"others", "spread", "interrupted", "noisy"}
    assert 0 <= found["noise"]["spread"] < 10
    assert found["teacher"] is None


def test_without_rules_nothing_is_timed(bundle_folder: Path, tmp_path: Path) -> None:
    folder = unpacked(Job(str(bundle_folder), texts=TEXTS, timed=TEXTS, rules=None), tmp_path)
    _, lines = run(folder)
    found = lines[-1]["findings"]
    assert found["noise"] is None
    [runtime] = found["runtimes"].values()
    assert (runtime["latency"], runtime["overhead"], runtime["energy"]) == ({}, None, None)
    assert runtime["cold"]["peak_rss_bytes"] > 0
    assert runtime["cold"]["process_to_answer_ms"] is None


def test_what_cannot_be_done_is_said(bundle_folder: Path, tmp_path: Path) -> None:
    folder = unpacked(Job(str(bundle_folder), "onnxruntime", texts=TEXTS), tmp_path)
    (folder / "bundle" / "model.onnx").write_bytes(b"")
    code, lines = run(folder)
    assert code == 1
    assert "model.onnx" in lines[-1]["error"]["given"]
    assert lines[-1]["error"]["expected"]


@pytest.mark.parametrize("runtime", ["litert", "onnxruntime"])
def test_the_model_takes_less_than_the_whole_way(bundle_folder: Path, runtime: str) -> None:
    found = overhead(Bundle.load(bundle_folder, runtime), [f"wake me at {hour}" for hour in range(60)])
    assert 0 < found["model_us"] < found["whole_us"]
    assert 0 < found["share"] < 1
    assert found["chars"] == 13


@pytest.mark.parametrize(("runtime", "calls"), [("litert", [1, 2, 1]), ("onnxruntime", [1, 1, 1])])
def test_each_call_of_the_runtime_is_seen(bundle_folder: Path, runtime: str, calls: list[int]) -> None:
    bundle, spent_ns = Bundle.load(bundle_folder, runtime), []
    expected = [bundle.predict(text) for text in ("a b", "a\x00b\x00c\x00d\x00e", "")]
    bundle.watch(spent_ns)
    seen = []
    for text, said in zip(("a b", "a\x00b\x00c\x00d\x00e", ""), expected, strict=True):
        spent_ns.clear()
        assert bundle.predict(text) == said
        assert all(one > 0 for one in spent_ns)
        seen.append(len(spent_ns))
    assert seen == calls  # five tokens that look like one word overflow the first signature


def test_a_machine_that_tells_little(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("edgekd.bench.runner.machine._SYS", tmp_path)
    facts = machine()
    assert (facts["governor"], facts["frequency_mhz"], facts["temperature_c"]) == (None, None, None)
    cpu = tmp_path / "devices/system/cpu/cpu0/cpufreq"
    cpu.mkdir(parents=True)
    (cpu / "scaling_governor").write_text("powersave\n")
    (cpu / "scaling_cur_freq").write_text("1500000\n")
    for zone, degrees in (("thermal_zone0", 41000), ("thermal_zone1", 47500)):
        (tmp_path / "class/thermal" / zone).mkdir(parents=True)
        (tmp_path / "class/thermal" / zone / "temp").write_text(f"{degrees}\n")
    facts = machine()
    assert (facts["governor"], facts["frequency_mhz"], facts["temperature_c"]) == ("powersave", 1500.0, 47.5)
