"""export/web as an app developer gets it, and the page of `edgekd demo` in a real Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgekd.files import sha256

SAMPLE = Path(__file__).parents[2] / "export" / "web"
PAGE_TESTS = Path(__file__).parent / "web"
CHROMIUM = Path("/usr/bin/chromium")

PageTests = Callable[[str, str], None]
"""Runs a file of tests on the page at a URL."""


def run(*command: str, cwd: Path, **environment: object) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {name: str(value) for name, value in environment.items()}
    return subprocess.run(
        command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=300, check=False
    )


def install(source: Path, folder: Path) -> Path:
    """Copy a node project, and run `npm ci` unless the last run did it with the same lock file."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm: apt-get install nodejs npm")
    for path in folder.iterdir():
        if path.name != "node_modules":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(
        source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "dist", "bundle")
    )
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".edgekd-installed"
    if not installed.exists() or installed.read_text() != sha256(lock):
        done = run("npm", "ci", cwd=folder)
        if "network" in done.stderr:
            pytest.skip(f"npm's registry is out of reach: {done.stderr.strip()[-200:]}")
        assert done.returncode == 0, done.stderr
        installed.write_text(sha256(lock))
    return folder


@pytest.fixture(scope="session")
def sample(pytestconfig: pytest.Config) -> Path:
    """The sample, installed and built, which holds it to the compiler's strict rules."""
    folder = install(SAMPLE, Path(pytestconfig.cache.mkdir("web-sample")))
    done = run("npm", "run", "build", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def page_tests(pytestconfig: pytest.Config) -> PageTests:
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: apt-get install chromium")
    folder = install(PAGE_TESTS, Path(pytestconfig.cache.mkdir("web-page-tests")))

    def check(name: str, url: str) -> None:
        done = run("node", "--test", name, cwd=folder, EDGEKD_DEMO=url, EDGEKD_CHROMIUM=CHROMIUM)
        assert done.returncode == 0, done.stdout + done.stderr

    return check


@pytest.fixture(scope="session")
def student_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `edgekd export` makes of a small student with random weights."""
    from edgekd.data.examples import LabelSet, Task
    from edgekd.export.bundle import export
    from edgekd.quantize.schemes import SCHEMES
    from edgekd.recipe import PRESETS
    from edgekd.students.student import Student

    folder = tmp_path_factory.mktemp("student")
    config = PRESETS["pqrnn-0.2m"].model_copy(update={"max_tokens": 20, "max_chars": 96})
    labels = LabelSet(("alarm", "music", "weather"), ("date", "place"))
    Student.new(Task.JOINT, labels, ("en",), config, seed=3).save(folder / "run")
    export(folder / "run", folder / "bundle", {"onnx": SCHEMES["int8"]})
    return folder / "bundle"


@contextlib.contextmanager
def demo(bundle: Path, cache: Path) -> Iterator[str]:
    """`edgekd demo` as a process, which builds the page where `cache` holds none; its URL."""
    command = [sys.executable, "-m", "edgekd", "demo", bundle, "--port", "0", "--no-open"]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            said = process.stdout.readline()
            yield re.search(r"http://127\.0\.0\.1:\d+/", said)[0]
        finally:
            process.terminate()
            process.wait(10)


def test_the_samples_own_tests(sample: Path, golden_bundle: Path) -> None:
    done = run("npm", "test", cwd=sample, EDGEKD_BUNDLE=golden_bundle)
    assert done.returncode == 0, done.stdout


def test_a_student_in_onnxruntime_web_in_node(sample: Path, student_bundle: Path) -> None:
    done = run("node", "--test", "dist/test/bundle.test.js", cwd=sample, EDGEKD_BUNDLE=student_bundle)
    assert done.returncode == 0, done.stdout


def test_decoding_of_every_task(sample: Path, random_bundle: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(random_bundle, tmp_path / "bundle")
    content = json.loads((bundle / "edgekd.json").read_text("utf-8"))
    content["files"] = {"model.onnx": content["files"]["model.tflite"] | {"runtime": "onnx"}}
    (bundle / "edgekd.json").write_text(json.dumps(content), "utf-8")
    done = run("node", "--test", "dist/test/decode.test.js", cwd=sample, EDGEKD_BUNDLE=bundle)
    assert done.returncode == 0, done.stdout


def test_a_wrong_answer_is_noticed(sample: Path, wrong_bundle: Path) -> None:
    command = ["node", "--test", "--test-reporter=tap", "dist/test/decode.test.js"]
    done = run(*command, cwd=sample, EDGEKD_BUNDLE=wrong_bundle)
    assert done.returncode != 0
    assert "not ok 1 - the golden logits" in done.stdout


def test_the_page(page_tests: PageTests, golden_bundle: Path, pytestconfig: pytest.Config) -> None:
    with demo(golden_bundle, Path(pytestconfig.cache.mkdir("web-demo"))) as url:
        page_tests("page.test.mjs", url)
        page_tests("golden.test.mjs", url)


def test_a_student_in_the_page(
    page_tests: PageTests, student_bundle: Path, pytestconfig: pytest.Config
) -> None:
    with demo(student_bundle, Path(pytestconfig.cache.mkdir("web-demo"))) as url:
        page_tests("golden.test.mjs", url)
