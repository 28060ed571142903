"""bench/conformance: the same answers everywhere, and a changed constant found out wherever it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench.conformance import hosts
from bench.conformance.answers import Answer, Answers, read_parts
from bench.conformance.compare import changed_labels, changed_slots
from bench.conformance.front_end import onnx_front_end, tflite_front_end
from bench.conformance.jobs import Unavailable
from bench.conformance.report import as_markdown
from bench.conformance.run import KERAS, Compared, Settings, conform, texts_for
from bench.conformance.texts import random_texts
from edgekd.bench.targets import sysroot
from edgekd.errors import UsageError
from edgekd.text.projection import MIX, FrontEnd, powers, taps

HERE = ("litert", "onnxruntime")
TEXTS = 40


def run(bundle: Path, names: tuple[str, ...], work: Path, texts: int = TEXTS, **more) -> list[Compared]:
    """Conform a bundle of the `bundle_of` fixture, whose run is the folder above it."""
    chosen = {name: hosts.HOSTS[name]() for name in names} | more
    return conform([bundle], bundle.parent, chosen, Settings(texts, 1000, 1, 60.0, work), lambda _: None)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keras answers once."""
    return tmp_path_factory.mktemp("conformance")


@pytest.mark.parametrize("scheme", ["float32", "int8"])
def test_the_runtimes_here_agree(scheme: str, bundle_of: Callable[[str], Path], work: Path) -> None:
    compared = run(bundle_of(scheme), HERE, work)
    assert [one.host for one in compared] == list(HERE)
    for one in compared:
        assert one.front_end_texts == one.texts > TEXTS
        assert one.differing == {"token_count": [], "token_spans": [], "features": []}
        assert not one.failures
    assert as_markdown(compared).count("\n") == 2 + len(compared)


def test_word_pieces_agree(bundle_of: Callable[..., Path], work: Path) -> None:
    for one in run(bundle_of("int8", "word pieces"), HERE, work):
        assert one.front_end_texts == one.texts > TEXTS
        assert one.differing == {"token_count": [], "token_spans": []}
        assert not one.failures


def test_tflite_runtime_agrees(old_python: Path, bundle_of: Callable[[str], Path], work: Path) -> None:
    old = hosts.PythonHost("tflite", "tflite-runtime", (str(old_python),))
    _, one = run(bundle_of("float32"), ("litert",), work, old=old)
    assert one.ran.startswith("tflite-runtime 2.14")
    assert one.labels.keys() == one.slots.keys() == {KERAS, "litert"}
    assert not one.failures


@pytest.mark.parametrize("name", ["litert-arm", "onnxruntime-arm", "onnxruntime-web"])
def test_other_processors_agree(name: str, bundle_of: Callable[[str], Path], work: Path) -> None:
    try:
        [one] = run(bundle_of("int8"), (name,), work)
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert ("aarch64" if name.endswith("arm") else "onnxruntime-web") in one.ran
    assert one.texts > TEXTS
    assert not one.failures


@pytest.mark.parametrize(
    "constant", [MIX[0], taps(3)[0], powers(8)], ids=["the first of MIX", "a tap", "POWER"]
)
def test_a_changed_hash_constant_is_found_out(
    constant: int | np.ndarray, bundle_of: Callable[[str], Path], tmp_path: Path, work: Path
) -> None:
    whole = bundle_of("float32")
    bundle = changed_bundle(whole, np.asarray(constant, np.uint32).tobytes(), tmp_path)
    settings = Settings(TEXTS, 10, 1, 60.0, work)
    chosen = {name: hosts.HOSTS[name]() for name in HERE}
    for one in conform([bundle], whole.parent, chosen, settings, lambda _: None):
        assert one.differing["features"]
        assert not one.differing["token_spans"]
        where, _, found = one.failures[0].partition(": ")
        assert where == f"{one.host} ({one.ran}) on bundle, float32"
        assert found.startswith("features of text 0 ('Wake me up")
        assert found.endswith("more differ from the reference")


def changed_bundle(bundle: Path, constant: bytes, folder: Path) -> Path:
    """A copy of a bundle in whose files one bit of a constant, or of the first of a table, is another."""
    import onnx

    from edgekd.export.flatbuffer import parse, serialize

    other = bytes([constant[0] ^ 2]) + constant[1:]
    places = 0
    model = parse((bundle / "model.tflite").read_bytes())
    for buffer in model.buffers:
        if buffer.data is not None and bytes(buffer.data).startswith(constant):
            buffer.data = np.frombuffer(other + bytes(buffer.data)[len(other) :], np.uint8)
            places += 1
    assert places
    (folder / "model.tflite").write_bytes(serialize(model))
    graph = onnx.load(bundle / "model.onnx")
    for initializer in graph.graph.initializer:
        if initializer.raw_data.startswith(constant):
            initializer.raw_data = other + initializer.raw_data[len(other) :]
            places = 0
    assert not places
    onnx.save(graph, folder / "model.onnx")
    (folder / "edgekd.json").write_text((bundle / "edgekd.json").read_text("utf-8"), "utf-8")
    return folder


def test_finished_parts_are_kept(bundle_of: Callable[[str], Path], tmp_path: Path) -> None:
    def parts() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("0*.npz")}

    run(bundle_of("float32"), ("litert",), tmp_path, texts=5)
    first = parts()
    run(bundle_of("float32"), ("litert",), tmp_path, texts=5)
    assert len(first) == 4  # numpy, Keras, the front end, the whole file
    assert parts() == first


def test_a_bundle_of_another_student(
    bundle_of: Callable[[str], Path], tiny_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="other labels, slots or lengths than the student"):
        conform([bundle_of("float32")], tiny_run, {}, Settings(1, 1, 1, 60.0, tmp_path), lambda _: None)


def test_a_front_end_holds_no_network(bundle_of: Callable[[str], Path]) -> None:
    import onnx

    from edgekd.export.flatbuffer import builtin_code, parse, schema

    bundle = bundle_of("int8")
    width = json.loads((bundle / "edgekd.json").read_text("utf-8"))["front_end"]
    width = width["token_features"] + width["ngram_features"]
    model = parse(tflite_front_end((bundle / "model.tflite").read_bytes(), width))
    codes = {builtin_code(model, operator) for graph in model.subgraphs for operator in graph.operators}
    assert schema.BuiltinOperator.RIGHT_SHIFT in codes
    assert not codes & {schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.LOGISTIC}
    graph = onnx.load_from_string(onnx_front_end((bundle / "model.onnx").read_bytes(), width)).graph
    assert not {node.op_type for node in graph.node} & {"MatMulInteger", "Sigmoid"}
    assert {output.name for output in graph.output} == {"token_spans", "token_count", "features"}


def test_random_texts_hold_all_of_unicode() -> None:
    texts = random_texts(3000, 100, 7, ["good", "morning"])
    assert all(
        np.array_equal(*pair)
        for pair in zip(texts, random_texts(3000, 100, 7, ["good", "morning"]), strict=True)
    )
    assert not np.array_equal(texts[:5], random_texts(5, 100, 8, ["good"]))
    lengths = [len(text) for text in texts]
    assert min(lengths) == 0
    assert max(lengths) > 190
    drawn = np.concatenate(texts)
    assert set((drawn >> 16).tolist()) == set(range(17))
    assert np.isin([0, 0xD800, 0xDFFF, 0x20, 0x301, 0x200D, 0x663], drawn).all()
    assert drawn.max() <= 0x10FFFF


def test_texts_begin_with_the_golden_ones() -> None:
    texts = texts_for(FrontEnd(), Settings(3, 3, 0, 1.0, Path()))
    assert texts.string(0).startswith("Wake me up")
    lone = next(index for index in range(len(texts)) if texts.string(index) == "\ude00")
    assert texts[lone].tolist() == [0xDE00]


def answers(label_logits: list[list[float]], tags: list[list[int]]) -> Answers:
    spans = [np.array([[i, i + 1] for i in range(len(row))]) for row in tags]
    counts = np.array([len(row) for row in tags])
    return Answers(
        "a host", np.zeros(len(tags)), counts, np.array(label_logits), spans, [np.array(row) for row in tags]
    )


def test_margins_are_those_of_the_other_host() -> None:
    expected = answers([[3.0, 1.0], [0.5, 0.25], [1.0, -1.0]], [[0, 1], [0, 1], [1, 2]])
    found = answers([[2.0, 1.0], [0.25, 0.5], [1.0, 0.5]], [[0, 1], [0, 0], [1, 2]])
    assert vars(changed_labels(found, expected, multilabel=False)) == {"texts": [1], "margins": [0.25]}
    assert vars(changed_labels(found, expected, multilabel=True)) == {"texts": [2], "margins": [1.0]}
    asked = []

    def ask(texts: list[int]) -> list[Answer]:
        asked.extend(texts)
        logits = np.array([[1, 0, 0], [0.25, 0.75, 0]], np.float32)
        return [Answer(0, 2, expected.spans[1], np.zeros(2), logits)]

    changed = changed_slots(found, expected, ask)
    assert asked == changed.texts == [1]
    assert changed.margins == [0.5]
    assert changed.beyond(0.4) == [1]
    assert not changed.beyond(0.6)


def test_answers_up_to_the_first_gap(tmp_path: Path) -> None:
    assert read_parts(tmp_path, 10) is None


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysroot, "shutil", SimpleNamespace(which=lambda _: None))
    with pytest.raises(Unavailable, match="apt-get install qemu-user-static"):
        hosts.litert_arm()
