from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekd.data.examples import Prediction, Span, Task
from edgekd.errors import BundleError
from edgekd.runtime import Bundle, Slot

RUNTIMES = ["litert", "onnxruntime"]


@pytest.fixture(params=RUNTIMES)
def bundle(request: pytest.FixtureRequest, bundle_folder: Path) -> Bundle:
    return Bundle.load(bundle_folder, runtime=request.param)


@pytest.fixture
def copied(bundle_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(bundle_folder, tmp_path / "bundle", ignore=shutil.ignore_patterns("saved"))


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "edgekd.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_predict_names_the_label_and_cuts_the_slots_from_the_text(bundle: Bundle) -> None:
    result = bundle.predict("wake at 7 30")
    assert result.labels == ("numbers",)
    assert result.scores == (pytest.approx(0.98201, abs=1e-4),)
    assert result.slots == (Slot("number", 8, 12, "7 30"),)
    assert not result.truncated
    assert json.loads(json.dumps(result.to_dict()))["slots"][0]["text"] == "7 30"


def test_prediction_is_comparable_with_an_example(bundle: Bundle) -> None:
    assert bundle.prediction("5 past 6") == Prediction(
        ("numbers",), (Span(0, 1, "number"), Span(7, 8, "number"))
    )
    assert bundle.prediction("none") == Prediction(("words",), ())


@pytest.mark.parametrize(
    ("rule", "text", "score", "out"),
    [
        ({"label": None, "threshold": 0.01}, "a 7", 0.01799, True),
        ({"label": None, "threshold": 0.02}, "a 7", 0.01799, False),
        ({"label": "words", "threshold": 0.5}, "a 7", 0.01799, False),
        ({"label": "words", "threshold": 0.5}, "no digits", 0.98201, True),
    ],
)
def test_out_of_scope(copied: Path, rule: dict, text: str, score: float, out: bool) -> None:
    rewrite(copied, out_of_scope=rule)
    result = Bundle.load(copied).predict(text)
    assert (result.out_of_scope, result.out_of_scope_score) == (out, pytest.approx(score, abs=1e-4))


def test_without_a_rule_nothing_is_out_of_scope(bundle: Bundle) -> None:
    result = bundle.predict("no digits")
    assert (result.out_of_scope, result.out_of_scope_score) == (False, None)


def test_offsets_count_code_points(bundle: Bundle) -> None:
    assert bundle.predict("\U0001f600é 7").slots == (Slot("number", 3, 4, "7"),)


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "\ud800", "a\udfff 7\0", "\u0301", "\U0010ffff", "a " * 500_000, "x" * 1_000_000]
)
def test_no_text_crashes(bundle: Bundle, text: str) -> None:
    result = bundle.predict(text)
    assert result.truncated == (len(text) > 1000)
    assert all(slot.text == text[slot.start : slot.end] for slot in result.slots)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="7a \t\0\U0001f600\ud800", max_size=70))
def test_runtimes_agree_on_any_text(bundle_folder: Path, loaded: dict[str, Bundle], text: str) -> None:
    results = [loaded.setdefault(name, Bundle.load(bundle_folder, name)).predict(text) for name in RUNTIMES]
    assert results[0] == results[1]


@pytest.fixture(scope="module")
def loaded() -> dict[str, Bundle]:
    return {}


def test_raw_outputs_have_no_padding(bundle: Bundle) -> None:
    raw = bundle.run("one 2 three")
    assert raw.label_logits.shape == (2,)
    assert raw.tag_logits.shape == (3, 3)
    assert raw.token_spans.tolist() == [[0, 3], [4, 5], [6, 11]]
    assert raw.token_count == 3


def test_tokens_are_counted_past_the_room_for_them(bundle: Bundle) -> None:
    raw = bundle.run("a b c d e f g h i j")
    assert (raw.token_count, len(raw.token_spans), len(raw.tag_logits)) == (10, 8, 8)


@pytest.mark.parametrize(
    ("text", "tokens", "truncated"),
    [
        ("a b c d", 4, False),  # fits the small signature
        ("a b c d 5 ", 5, False),  # short enough for it, but has too many tokens
        ("a\1b\1c\1d\1e", 5, False),  # the same where white space does not tell
        ("a b c d e f g h", 8, False),
        ("a b c d e f g h 9", 8, True),  # more tokens than the largest
        ("a" * 48, 1, False),
        ("a" * 49, 1, True),  # more code points than the largest
    ],
)
def test_the_smallest_signature_that_holds_the_text(
    bundle: Bundle, text: str, tokens: int, truncated: bool
) -> None:
    raw = bundle.run(text)
    assert (len(raw.token_spans), raw.truncated) == (tokens, truncated)


def test_an_earlier_longer_text_leaves_nothing_behind(bundle: Bundle) -> None:
    before = bundle.predict("a 1")
    bundle.predict("7 7 7 7 7 7")
    assert bundle.predict("a 1") == before


def test_outputs_stay_when_the_next_text_comes(bundle: Bundle) -> None:
    first = bundle.run("a 1 2")
    kept = first.tag_logits.copy()
    bundle.run("1 b c")
    assert (first.tag_logits == kept).all()


def test_auto_takes_what_the_bundle_has(copied: Path) -> None:
    assert Bundle.load(copied).runtime.name == "litert"
    files = json.loads((copied / "edgekd.json").read_text("utf-8"))["files"]
    rewrite(copied, files={"model.onnx": files["model.onnx"]})
    assert Bundle.load(copied).runtime.name == "onnxruntime"
    with pytest.raises(BundleError, match="holds no tflite file"):
        Bundle.load(copied, runtime="litert")


def test_multilabel_takes_all_above_one_half(copied: Path) -> None:
    rewrite(copied, task=Task.MULTILABEL)
    result = Bundle.load(copied).predict("a 1")
    assert (result.labels, result.scores) == (("numbers",), (pytest.approx(0.98201, abs=1e-4),))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "edgekd.json").unlink(), "holds no edgekd.json"),
        (lambda folder: (folder / "edgekd.json").write_text("{", "utf-8"), "not readable JSON"),
        (
            lambda folder: (folder / "edgekd.json").write_text("[]", "utf-8"),
            "not the description of a bundle",
        ),
        (lambda folder: rewrite(folder, format="other"), "not the description of a bundle"),
        (lambda folder: rewrite(folder, format_version=2), "format version 2"),
        (lambda folder: rewrite(folder, labels=None), "incomplete or damaged"),
        (lambda folder: rewrite(folder, task="poetry"), "incomplete or damaged"),
        (lambda folder: (folder / "model.tflite").unlink(), "there is no file"),
        (lambda folder: (folder / "model.tflite").write_bytes(b"TFL3" * 99), "damaged or was changed"),
    ],
)
def test_a_bad_bundle_is_explained(copied: Path, damage, message: str) -> None:
    damage(copied)
    with pytest.raises(BundleError, match=message):
        Bundle.load(copied)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_file_that_the_runtime_cannot_read_is_explained(copied: Path, runtime: str) -> None:
    from edgekd.files import sha256

    files = json.loads((copied / "edgekd.json").read_text("utf-8"))["files"]
    for name, entry in files.items():
        (copied / name).write_bytes(b"not a model")
        entry["sha256"] = sha256(copied / name)
    rewrite(copied, files=files)
    with pytest.raises(BundleError, match=f"{runtime} .* cannot load"):
        Bundle.load(copied, runtime=runtime)


def test_an_unknown_runtime_is_refused(bundle_folder: Path) -> None:
    with pytest.raises(BundleError, match="there is no runtime 'coreml'"):
        Bundle.load(bundle_folder, runtime="coreml")


def test_a_missing_runtime_is_answered_with_the_pip_command(bundle_folder: Path, monkeypatch) -> None:
    monkeypatch.setattr("edgekd.runtime.backends.Runtime.installed", False)
    with pytest.raises(BundleError, match="pip install ai-edge-litert"):
        Bundle.load(bundle_folder)
    with pytest.raises(BundleError, match="pip install onnxruntime"):
        Bundle.load(bundle_folder, runtime="onnxruntime")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_training_package_is_imported(bundle_folder: Path, runtime: str) -> None:
    code = (
        "import sys; from edgekd.runtime import Bundle\n"
        f"Bundle.load({str(bundle_folder)!r}, {runtime!r}).predict('a 1')\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"tensorflow", "torch", "keras", "transformers", "onnx", "pyarrow", "pandas", "scipy"}
    assert not heavy & set(done.stdout.split())
