"""`edgekd verify`: a sound bundle passes, and whatever is wrong with one is said in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import edgekd
from edgekd.errors import BundleError
from edgekd.export import flatbuffer
from edgekd.export.golden import golden_lines, to_text
from edgekd.files import sha256
from edgekd.runtime import Bundle
from edgekd.runtime.golden import read_golden
from edgekd.runtime.manifest import Manifest
from edgekd.runtime.verify import verify
from tests.conftest import Command

RUNTIMES = ["litert", "onnxruntime"]
FIELDS = {
    *("text", "codepoints", "token_count", "token_spans", "truncated", "label_logits", "tag_logits"),
    *("labels", "scores", "out_of_scope", "out_of_scope_score", "slots", "stable"),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


def read(folder: Path) -> dict:
    return json.loads((folder / "edgekd.json").read_text("utf-8"))


def rewrite(folder: Path, change: Callable[[dict], object]) -> None:
    content = read(folder)
    change(content)
    (folder / "edgekd.json").write_text(json.dumps(content), "utf-8")


def rewrite_golden(folder: Path, number: int, **changes: object) -> None:
    """Change a line, and the checksum with it."""
    path = folder / "golden.jsonl"
    lines = path.read_text("utf-8").splitlines()
    lines[number] = json.dumps(json.loads(lines[number]) | changes)
    replace_golden(folder, "\n".join(lines))


def replace_golden(folder: Path, text: str) -> None:
    (folder / "golden.jsonl").write_text(text, "utf-8")
    rewrite(folder, lambda content: content["checksums"].update(edgekd_sum(folder)))


def copy_of(folder: Path, line: dict) -> Path:
    """A folder beside with golden.jsonl of one line."""
    other = folder.with_name("one_line")
    other.mkdir(exist_ok=True)
    (other / "golden.jsonl").write_text(json.dumps(line), "utf-8")
    return other


def edgekd_sum(folder: Path) -> dict[str, str]:
    return {"golden.jsonl": sha256(folder / "golden.jsonl")}


@pytest.fixture(scope="module")
def whole(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle made by hand, with golden vectors, checksums and an out-of-scope rule."""
    folder = tmp_path_factory.mktemp("whole") / "bundle"
    shutil.copytree(bundle_folder, folder, ignore=shutil.ignore_patterns("saved"))

    def complete(content: dict) -> None:
        content["out_of_scope"] = {"label": None, "threshold": 0.5}
        for file in content["files"].values():
            file["logit_tolerance"] = 1e-3

    rewrite(folder, complete)
    (folder / "golden.jsonl").write_text(
        to_text(golden_lines([Bundle.load(folder, runtime) for runtime in RUNTIMES])), "utf-8"
    )
    rewrite(folder, lambda content: content.update(checksums=edgekd_sum(folder)))
    return folder


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "bundle")


def test_a_sound_bundle_passes_in_every_runtime(whole: Path) -> None:
    verified = verify(whole)
    assert [(one.file, one.runtime.name) for one in verified] == [
        ("model.tflite", "litert"),
        ("model.onnx", "onnxruntime"),
    ]
    for one in verified:
        assert one.texts == one.stable > 60
        assert one.largest_difference <= one.tolerance
    assert [one.runtime.name for one in verify(whole, "onnxruntime")] == ["onnxruntime"]


def test_as_typed(edgekd: Command, whole: Path) -> None:
    done = edgekd("verify", whole, "--runtime", "litert")
    assert done.code == 0
    assert "litert" in done.out
    assert "model.onnx: not run" in done.out


def test_without_tensorflow_and_with_old_numpy(old_python: Path, whole: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(edgekd.__file__).parents[1])}
    code = (
        "from pathlib import Path; from edgekd.runtime.verify import verify\n"
        f"[one] = verify(Path({str(whole)!r}))\n"
        "print(one.runtime.name, one.texts)"
    )
    done = subprocess.run(
        [old_python, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tflite-runtime 6")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "golden.jsonl").unlink(), "there is no file .*golden.jsonl"),
        (lambda folder: (folder / "golden.jsonl").write_text("{}"), "golden.jsonl is damaged or was changed"),
        (lambda folder: (folder / "model.onnx").unlink(), "there is no file .*model.onnx"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"x"), "model.onnx is damaged or was changed"),
        (
            lambda folder: rewrite(folder, lambda content: content["checksums"].update({"a.md": "0"})),
            "there is no file .*a.md",
        ),
        (
            lambda folder: rewrite(folder, lambda content: content.update(format_version=2)),
            "has format version 2",
        ),
        (lambda folder: replace_golden(folder, ""), "it is empty"),
        (lambda folder: replace_golden(folder, "{\n"), "line 1: "),
        (lambda folder: replace_golden(folder, "[" * 100_000), "line 1: "),
        (lambda folder: replace_golden(folder, "{}\n"), "line 1 has no 'codepoints'"),
        (lambda folder: replace_golden(folder, "7\n"), "line 1: "),
        (lambda folder: rewrite_golden(folder, 3, codepoints=[1]), "line 4: 'codepoints'"),
        (
            lambda folder: rewrite_golden(folder, 3, label_logits=[1.0]),
            "line 4: 'label_logits' has the shape",
        ),
        (lambda folder: rewrite_golden(folder, 3, token_spans=[["a", "b"]]), "line 4: "),
        (lambda folder: rewrite_golden(folder, 3, token_count=1e999), "line 4: "),
        (lambda folder: rewrite_golden(folder, 3, slots=[7]), "line 4: "),
        (
            lambda folder: rewrite(
                folder, lambda content: content["files"]["model.onnx"].pop("logit_tolerance")
            ),
            "does not say how far the logits of model.onnx",
        ),
    ],
)
def test_what_is_broken_is_named(copied: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(copied)
    with pytest.raises(BundleError, match=message):
        verify(copied)


FIRST = "Wake me up at 7:30 tomorrow, please!"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"truncated": True}, f"truncated of '{FIRST}' is False\nexpected: True"),
        ({"token_count": 8}, "token_count of .* is 7\nexpected: 8"),
        (
            {"label_logits": [4.0, 0.01]},
            r"label_logits at \[1\] of .* is 0.0\nexpected: within 0.001 of 0.01",
        ),
        ({"label_logits": [4.0, float("nan")]}, r"label_logits at \[1\] of .*\nexpected: .* nan"),
        ({"labels": ["words"]}, r"labels of .* is \('numbers',\)\nexpected: \('words',\)"),
        ({"slots": []}, "slots of .* is .*7:30"),
        ({"out_of_scope": True}, "out_of_scope of .* is False\nexpected: True"),
    ],
)
def test_another_answer_is_named_with_its_text_and_numbers(
    copied: Path, changes: dict[str, object], message: str
) -> None:
    if "token_count" in changes:
        spans = Bundle.load(copied).run(FIRST).token_spans.tolist()
        changes = {**changes, "token_spans": [*spans, [0, 0]], "tag_logits": [[0, 0, 0]] * 8}
    rewrite_golden(copied, 0, **changes)
    with pytest.raises(BundleError, match=message) as raised:
        verify(copied, "onnxruntime")
    assert "model.onnx in onnxruntime" in str(raised.value)


def test_a_text_on_which_the_files_differ_may_have_other_labels(copied: Path) -> None:
    rewrite_golden(copied, 0, labels=["words"], slots=[], stable=False)
    assert {one.stable for one in verify(copied)} == {verify(copied)[0].texts - 1}


def test_a_long_text_is_shown_short(copied: Path) -> None:
    lines = (copied / "golden.jsonl").read_text("utf-8").splitlines()
    longest = max(range(len(lines)), key=lambda number: len(json.loads(lines[number])["text"]))
    rewrite_golden(copied, longest, truncated=False)
    with pytest.raises(BundleError, match="code points") as raised:
        verify(copied)
    assert len(raised.value.given) < 400


def with_future_op(folder: Path, name: str) -> None:
    """Make a model file as when a newer exporter meets an older runtime."""
    if name == "model.onnx":
        model = onnx.load(folder / name)
        model.graph.node[0].op_type = "OpOfTheFuture"
        (folder / name).write_bytes(model.SerializeToString())
    else:
        model = flatbuffer.parse((folder / name).read_bytes())
        model.operatorCodes[0].version = 99
        (folder / name).write_bytes(flatbuffer.serialize(model))
    rewrite(folder, lambda content: content["files"][name].update(sha256=sha256(folder / name)))


@pytest.mark.parametrize(
    ("name", "message"), [("model.onnx", "OpOfTheFuture"), ("model.tflite", "version '99'")]
)
def test_a_file_with_an_op_that_the_runtime_lacks(copied: Path, name: str, message: str) -> None:
    with_future_op(copied, name)
    with pytest.raises(BundleError, match=f"cannot load .*{message}"):
        verify(copied)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FIELDS)), value=JSON)
def test_any_change_of_a_line_is_read_or_refused(whole: Path, name: str, value: object) -> None:
    manifest = Manifest.read(whole)
    line = json.loads((whole / "golden.jsonl").read_text("utf-8").splitlines()[0])
    changed = copy_of(whole, {**line, name: value})
    try:
        [golden] = read_golden(replace(manifest, folder=changed))
    except BundleError:
        return
    Bundle.load(whole).run(golden.text)


def test_a_model_of_other_labels(copied: Path) -> None:
    rewrite(copied, lambda content: content["labels"].append("more"))
    with pytest.raises(BundleError, match="label_logits are 2, and edgekd.json names 3"):
        Bundle.load(copied)
