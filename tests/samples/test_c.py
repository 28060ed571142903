"""export/c on TensorFlow Lite's C library: its tests and its command line, on x86-64 and, in qemu, on ARM."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgekd.files import sha256

SOURCE = Path(__file__).parents[2] / "export" / "c"
TOOLS = {
    "x86_64": {"cmake": "cmake", "make": "make", "gcc": "gcc"},
    "aarch64": {
        "cmake": "cmake",
        "make": "make",
        "aarch64-linux-gnu-gcc": "g++-aarch64-linux-gnu",
        "qemu-aarch64-static": "qemu-user-static",
    },
}
TOLERANCE = 0.03  # of scores: runtimes of other versions and other processors

Build = Callable[..., Path]


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False, **options
    )


@pytest.fixture(scope="session")
def cache(pytestconfig: pytest.Config) -> Path:
    """Kept between test runs: the runtimes, and what was compiled."""
    return Path(pytestconfig.cache.mkdir("c-sample"))


@pytest.fixture(scope="session")
def runtime(cache: Path) -> Callable[[str], Path]:
    """TensorFlow Lite for a machine, fetched once."""

    def fetch(machine: str) -> Path:
        folder = cache / "runtime" / machine
        if not (folder / "lib" / "libtensorflowlite_c.so").is_file():
            if shutil.which("npm") is None:
                pytest.skip("needs npm for TensorFlow Lite's headers: apt-get install npm")
            script = ["sh", SOURCE / "fetch_runtime.sh", machine, folder]
            done = run(*script, env={**os.environ, "PYTHON": sys.executable})
            if done.returncode:
                pytest.skip(
                    f"TensorFlow Lite's C library cannot be fetched here: {done.stderr.strip()[-200:]}"
                )
        return folder

    return fetch


@pytest.fixture(scope="session")
def build(cache: Path, runtime: Callable[[str], Path]) -> Build:
    """Builds a target for a bundle; on x86-64 with AddressSanitizer and UBSan, which also fail at a leak."""

    def make(bundle: Path, machine: str = "x86_64", target: str = "all") -> Path:
        if platform.machine() != "x86_64" or sys.platform != "linux":
            pytest.skip("needs Linux on x86-64")
        missing = [package for tool, package in TOOLS[machine].items() if shutil.which(tool) is None]
        if missing:
            pytest.skip(f"needs {', '.join(missing)}: apt-get install {' '.join(missing)}")
        folder = cache / machine
        done = configure(folder, bundle, runtime(machine), machine)
        assert done.returncode == 0, done.stderr
        done = run("cmake", "--build", folder, "--target", target, "--parallel", "2")
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stderr
        return folder

    return make


def configure(
    folder: Path, bundle: Path, runtime: Path, machine: str = "x86_64"
) -> subprocess.CompletedProcess[str]:
    options = [f"-DEDGEKD_BUNDLE={bundle}", f"-DTFLITE={runtime}"]
    if machine == "aarch64":
        options.append(f"-DCMAKE_TOOLCHAIN_FILE={SOURCE / 'aarch64.cmake'}")
    else:
        options.append("-DEDGEKD_SANITIZE=ON")
    return run("cmake", "-S", SOURCE, "-B", folder, *options)


def command_line(folder: Path, machine: str) -> list[str]:
    """How the program in a build folder is started."""
    emulator = ["qemu-aarch64-static", "-cpu", "cortex-a76", "-L", str(folder / "sysroot")]
    return [*(emulator if machine == "aarch64" else []), str(folder / "edgekd")]


def ctest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run("ctest", "--output-on-failure", *options, cwd=folder)


@pytest.mark.parametrize("machine", TOOLS)
def test_the_samples_own_tests(build: Build, golden_bundle: Path, machine: str) -> None:
    done = ctest(build(golden_bundle, machine))
    assert done.returncode == 0, done.stdout
    assert "100% tests passed, 0 tests failed out of 6" in done.stdout


def test_decoding_of_every_task(build: Build, random_bundle: Path) -> None:
    done = ctest(build(random_bundle, target="test_decode"), "-R", "decode")
    assert done.returncode == 0, done.stdout


def test_a_wrong_answer_is_noticed(build: Build, wrong_bundle: Path) -> None:
    done = ctest(build(wrong_bundle, target="test_decode"), "-R", "decode")
    assert done.returncode != 0
    assert "found->end ==" in done.stdout


@pytest.mark.parametrize("machine", TOOLS)
def test_the_command_line_says_what_the_golden_vectors_say(
    build: Build, golden_bundle: Path, machine: str
) -> None:
    lines = [json.loads(line) for line in (golden_bundle / "golden.jsonl").read_text("utf-8").splitlines()]
    program = [*command_line(build(golden_bundle, machine), machine), str(golden_bundle)]
    arguments = [line for line in lines if encodable(line["text"]) and "\0" not in line["text"]]
    as_lines = [line for line in lines if encodable(line["text"]) and "\n" not in line["text"]]
    assert len(arguments) > 60 and len(as_lines) > 60

    texts = [line["text"] for line in arguments]
    check_answers(arguments, run(*program, *texts))
    check_answers(as_lines, run(*program, input="".join(f"{line['text']}\n" for line in as_lines)))


def encodable(text: str) -> bool:
    """Lone surrogates cannot be had in UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def check_answers(lines: list[dict[str, Any]], done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    answers = [json.loads(answer) for answer in done.stdout.split("\n") if answer]
    assert len(answers) == len(lines)
    for line, answer in zip(lines, answers, strict=True):
        encoded = line["text"].encode()
        for slot in answer["slots"]:
            assert encoded[slot.pop("byte_start") : slot.pop("byte_end")].decode() == slot["text"]
        same = ("truncated", "labels", "slots", "out_of_scope") if line["stable"] else ("truncated",)
        assert {name: answer[name] for name in same} == {name: line[name] for name in same}
        assert answer["scores"] == pytest.approx(line["scores"], abs=TOLERANCE)
        assert answer["out_of_scope_score"] == pytest.approx(line["out_of_scope_score"], abs=TOLERANCE)


def test_ill_formed_text_is_answered_in_json(build: Build, golden_bundle: Path) -> None:
    program = command_line(build(golden_bundle), "x86_64")
    text = b'at 7\xff\xed\xa0\x80 "\\ \xe2\x82\n'
    done = subprocess.run([*program, golden_bundle], input=text, capture_output=True, check=True)
    [slot] = json.loads(done.stdout)["slots"]
    assert slot["text"] == text[3:8].decode(errors="replace") == "7\ufffd\ufffd\ufffd\ufffd"
    assert (slot["start"], slot["end"], slot["byte_start"], slot["byte_end"]) == (3, 8, 3, 8)


def test_errors_of_the_command_line(build: Build, golden_bundle: Path, tmp_path: Path) -> None:
    [program] = command_line(build(golden_bundle), "x86_64")
    done = run(program)
    assert (done.returncode, done.stderr) == (2, "usage: edgekd FOLDER [TEXT]...\n")
    done = run(program, tmp_path, "wake me up")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}/model.tflite cannot be read: No such file or directory" in done.stderr
    (tmp_path / "model.tflite").write_bytes(b"TFL3" * 9)
    done = run(program, tmp_path, "wake me up")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is damaged or of another bundle: its SHA-256 is" in done.stderr


def _no_model(bundle: Path) -> None:
    (bundle / "model.tflite").write_bytes(b"none")


def _newer_op(bundle: Path) -> None:
    from ai_edge_litert import schema_py_generated as schema
    from flatbuffers import Builder

    path = bundle / "model.tflite"
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes()))
    model.operatorCodes[0].version = 99
    builder = Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())


def _another_label(bundle: Path) -> None:
    _change(bundle, lambda content: content["labels"].append("third"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_no_model, "TensorFlow Lite 2.17.1 cannot run model.tflite: "),
        (_newer_op, "version '99'"),
        (_another_label, "does not have the signature tokens_4 with the sizes that edgekd.json tells"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(
    build: Build, golden_bundle: Path, tmp_path: Path, change: Callable[[Path], None], complaint: str
) -> None:
    bundle = copy(golden_bundle, tmp_path)
    change(bundle)
    checksum = sha256(bundle / "model.tflite")
    _change(bundle, lambda content: content["files"]["model.tflite"].update(sha256=checksum))
    [program] = command_line(build(bundle, target="edgekd_cli"), "x86_64")
    done = run(program, bundle, "wake me up")
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in done.stderr


def test_names_reach_c_unharmed(build: Build, golden_bundle: Path, tmp_path: Path) -> None:
    odd = ['a;b"c\\d??/e', "[Ж;\n${x}@NAME@"]
    changed = copy(golden_bundle, tmp_path)
    _change(changed, lambda content: content.update(labels=odd) or content.pop("out_of_scope"))
    [program] = command_line(build(changed, target="edgekd_cli"), "x86_64")
    done = run(program, changed, "at 7", "at")
    answers = [json.loads(answer) for answer in done.stdout.splitlines()]
    assert [answer["labels"] for answer in answers] == [[odd[0]], [odd[1]]]
    assert [answer["out_of_scope_score"] for answer in answers] == [None, None]


def copy(bundle: Path, to: Path) -> Path:
    return Path(shutil.copytree(bundle, to / "bundle", ignore=shutil.ignore_patterns("embed")))


def _change(bundle: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the content of edgekd.json."""
    content = json.loads((bundle / "edgekd.json").read_text("utf-8"))
    change(content)
    (bundle / "edgekd.json").write_text(json.dumps(content), "utf-8")


def _lead_outside(content: dict[str, Any]) -> None:
    content["files"] = {"../model.tflite": content["files"]["model.tflite"]}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda content: content.update(format="other"), "is not the description of a bundle"),
        (lambda content: content.update(format_version=2), "has format version 2"),
        (_lead_outside, "names a file outside its folder"),
        (lambda content: content["files"].pop("model.tflite"), "lists no TFLite file"),
        (
            lambda content: content["files"]["model.tflite"].update(sha256="0" * 64),
            "is damaged or was changed",
        ),
        (lambda content: content["out_of_scope"].update(label="none"), "is not among the labels"),
    ],
)
def test_a_wrong_bundle_is_not_built(
    build: Build,
    runtime: Callable[[str], Path],
    golden_bundle: Path,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    complaint: str,
) -> None:
    folder, bundle = build(golden_bundle, target="edgekd"), copy(golden_bundle, tmp_path)
    _change(bundle, change)
    done = configure(folder, bundle, runtime("x86_64"))
    assert done.returncode != 0
    assert complaint in " ".join(done.stderr.split())


def test_missing_files_are_told(
    build: Build, runtime: Callable[[str], Path], golden_bundle: Path, tmp_path: Path
) -> None:
    folder = build(golden_bundle, target="edgekd")
    done = configure(folder, tmp_path, runtime("x86_64"))
    assert "is not a bundle: it holds no edgekd.json" in " ".join(done.stderr.split())
    bundle = copy(golden_bundle, tmp_path)
    (bundle / "model.tflite").unlink()
    done = configure(folder, bundle, runtime("x86_64"))
    assert "there is no file" in " ".join(done.stderr.split())
    fresh = tmp_path / "build"
    done = configure(fresh, golden_bundle, tmp_path)
    assert "`sh fetch_runtime.sh x86_64` gets it" in " ".join(done.stderr.split())


def test_the_sample_names_where_a_bundles_files_go() -> None:
    files = json.loads((SOURCE / "sample.json").read_text("utf-8"))["files"]
    assert set(files) == {"model.tflite", "edgekd.json", "golden.jsonl"}
    assert {Path(place).parent.name for place in files.values()} == {"bundle"}
