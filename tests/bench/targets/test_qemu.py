from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgekd.bench.runner.job import Job
from edgekd.bench.targets.qemu import QemuTarget
from edgekd.bench.targets.sysroot import QEMU
from edgekd.errors import TargetError
from edgekd.progress import silent


def test_without_an_emulator(bundle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TargetError, match="apt-get install qemu-user-static"):
        QemuTarget().run(Job(str(bundle_folder)), silent)


def test_predictions_and_memory_but_no_time(bundle_folder: Path) -> None:
    if not shutil.which(QEMU):
        pytest.skip(f"needs {QEMU}")
    try:
        found = QemuTarget().run(Job(str(bundle_folder), texts=("at 7",), timed=("at 7", "")), silent)
    except TargetError as error:
        pytest.skip(f"no ARM system can be had: {error}")
    assert found["machine"]["architecture"] == "aarch64"
    assert found["noise"] is None
    [runtime] = found["runtimes"].values()
    assert runtime["predictions"] == [[["numbers"], [[3, 4, "number"]]]]
    assert runtime["latency"] == {}
    assert runtime["cold"]["peak_rss_bytes"] > 1_000_000
    assert runtime["cold"]["process_to_answer_ms"] is None
