"""The phone is a program named `adb` that answers as recorded; what a real one does else is not tested.

The outputs are excerpts of what TensorFlow Lite's benchmark_model printed on an Android phone and on a
Raspberry Pi (tensorflow/tensorflow issue 42507, google/XNNPACK issue 999), and one in the newer format with
percentiles, written after the tool's source.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from edgekd.bench.runner.job import Job
from edgekd.bench.runner.measure import Rules
from edgekd.bench.targets.adb import AdbTarget, Statistics
from edgekd.errors import TargetError, UsageError
from edgekd.progress import silent

PHONE = """STARTING!
Log parameter values verbosely: [0]
Num threads: [4]
Graph: [/data/local/tmp/espcn_harmonic_2x_slim_w_cl.tflite]
The input model file size (MB): 0.004448
Initialized session in 0.855ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=15 first=49060 curr=33682 min=32825 max=49060 avg=34825.1 std=3930

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450

Inference timings in us: Init: 855, First inference: 49060, Warmup (avg): 34825.1, Inference (avg): 33209.4
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual
Peak memory footprint (MB): init=0 overall=12.8672
"""

BOARD = """count=9 first=64791 curr=56295 min=54873 max=65831 avg=57758.2 std=4065

count=50 first=58154 curr=53809 min=53077 max=60727 avg=55043.2 std=1562

Inference timings in us: Init: 18777, First inference: 64791, Warmup (avg): 57758.2, Inference (avg): 55043.2
Memory footprint delta from the start of the tool (MB): init=8.97656 overall=18.7227
"""


def newer(median: float) -> str:
    return (
        f"INFO: count=100 first=300 curr=100 min=90 max=400 avg={median + 5} std=20 "
        f"p5=91 median={median} p95=180\n"
        f"INFO: count=1000 first=99 curr=100 min=90 max=1e+03 avg={median + 5} std=31.6 "
        f"p5=91 median={median} p95=150\n"
        f"INFO: Inference timings in us: Init: 2100, First inference: 300, Warmup (avg): 105, "
        f"Inference (avg): {median + 5}\n"
    )


def test_the_output_of_a_phone() -> None:
    found = Statistics.parse(PHONE)
    assert (found.count, found.mean_us, found.deviation_us, found.max_us) == (50, 33209.4, 450, 34005)
    assert (found.init_us, found.first_us, found.memory_bytes) == (855, 49060, 12_867_200)
    assert found.median_us is None
    assert found.middle_us == 33209.4


def test_the_output_of_a_board() -> None:
    found = Statistics.parse(BOARD)
    assert (found.count, found.mean_us, found.init_us, found.memory_bytes) == (50, 55043.2, 18777, 18_722_700)


def test_the_newer_output_has_a_median() -> None:
    found = Statistics.parse(newer(100.5))
    assert (found.count, found.median_us, found.max_us, found.memory_bytes) == (1000, 100.5, 1000.0, None)


@pytest.mark.parametrize("output", ["", "CANNOT LINK EXECUTABLE", PHONE.split("Inference timings")[0]])
def test_what_is_no_output_of_the_tool(output: str) -> None:
    with pytest.raises(TargetError, match="the benchmark binary printed no timings"):
        Statistics.parse(output)


FAKE = """#!{python}
import json, os, sys
log, answers = {log!r}, json.loads({answers!r})
arguments = sys.argv[1:]
with open(log, "a") as file:
    file.write(json.dumps(arguments) + "\\n")
assert arguments[:2] == ["-s", "R58M"], arguments
words = " ".join(arguments[2:])
for key, (code, output) in answers.items():
    if key in words:
        sys.stdout.write(output)
        sys.exit(code)
"""


class Phone:
    """Answers by what is in the command; keeps every command."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.log = folder, folder / "log"
        self.benchmark = folder / "benchmark_model"
        self.benchmark.write_bytes(b"ELF")
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def answers(self, **more: tuple[int, str]) -> None:
        said = {
            "get-state": (0, "device\n"),
            "ro.product.model": (0, "Pixel 9\n"),
            "ro.build.version.release": (0, "16\n"),
            "ro.product.cpu.abi": (0, "arm64-v8a\n"),
            "signature_to_run_for=tokens_4": (0, newer(100)),
            "signature_to_run_for=tokens_8": (0, newer(200)),
        }
        program = self.folder / "adb"
        content = FAKE.format(python=sys.executable, log=str(self.log), answers=json.dumps(said | more))
        program.write_text(content, "utf-8")
        program.chmod(0o755)

    @property
    def commands(self) -> list[list[str]]:
        return [json.loads(line)[2:] for line in self.log.read_text().splitlines()]

    def target(self, **more) -> AdbTarget:
        return AdbTarget.parse("adb://R58M", benchmark=self.benchmark, **more)


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Phone:
    made = Phone(tmp_path, monkeypatch)
    made.answers()
    return made


def job(bundle: Path, **more) -> Job:
    texts = ("a b c", "a", "a b c d e f", "x " * 30)
    return Job(str(bundle), timed=texts, rules=Rules(1000, 5.0, 60.0), **more)


def test_each_signature_is_timed_and_weighs_as_the_texts_do(phone: Phone, bundle_folder: Path) -> None:
    found = phone.target(cpus="f0").run(job(bundle_folder, threads=(1, 4)), silent)
    [(name, runtime)] = found["runtimes"].items()
    assert name == "litert"
    assert runtime["predictions"] is None
    latency = runtime["latency"]["4"]
    assert (latency["p50_us"], latency["p90_us"], latency["max_us"]) == (200.0, 200.0, 1000.0)
    assert latency["mean_us"] == 155.0
    assert latency["p90_interval_us"] == pytest.approx([200 - 1.96, 200 + 1.96], abs=0.01)
    assert latency["of"] == "the model alone"
    assert runtime["cold"]["load_ms"] == 2.1
    assert found["machine"]["cpu"] == "Pixel 9"
    assert found["machine"]["system"] == "Android 16"

    folder = phone.commands[1][1].split()[1]
    assert folder.startswith("/data/local/tmp/edgekd-")
    ran = [words[1] for words in phone.commands if "signature_to_run_for" in words[-1]]
    assert len(ran) == 4
    assert ran[0] == (
        f"taskset f0 {folder}/benchmark_model --graph={folder}/model.tflite --signature_to_run_for=tokens_4 "
        "--num_threads=1 --num_runs=1000 --min_secs=5.0 --max_secs=60.0"
    )
    assert ["shell", f"rm -rf {folder}"] in phone.commands


def test_the_phone_is_cleaned_up_after_a_failure(phone: Phone, bundle_folder: Path) -> None:
    phone.answers(signature_to_run_for=(1, "Segmentation fault"))
    phone.answers(**{"signature_to_run_for=tokens_4": (139, "Segmentation fault")})
    with pytest.raises(TargetError, match="(?s)ended with code 139: Segmentation fault"):
        phone.target().run(job(bundle_folder), silent)
    assert phone.commands[-1][1].startswith("rm -rf /data/local/tmp/edgekd-")


def test_a_phone_that_asks_for_permission(phone: Phone, bundle_folder: Path) -> None:
    phone.answers(**{"get-state": (1, "error: device unauthorized.")})
    with pytest.raises(TargetError, match="(?s)device unauthorized.*USB debugging"):
        phone.target().run(job(bundle_folder), silent)
    assert len(phone.commands) == 1


def test_no_adb(phone: Phone, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TargetError, match="(?s)there is no `adb`.*apt-get install adb"):
        phone.target().run(job(bundle_folder), silent)


@pytest.mark.parametrize(
    ("url", "settings", "message"),
    [
        ("adb://R58M; rm", {}, "is not the address of a phone"),
        ("adb://-a", {}, "is not the address of a phone"),
        ("adb://R58M", {"benchmark": None}, "has no benchmark binary"),
        ("adb://R58M", {"benchmark": Path("/nowhere")}, "there is no file /nowhere"),
        ("adb://R58M", {"cpus": "f0; rm"}, "has the cpus 'f0; rm'"),
    ],
)
def test_what_is_no_phone(phone: Phone, url: str, settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        AdbTarget.parse(url, **({"benchmark": phone.benchmark} | settings))
