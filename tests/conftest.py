"""A tiny bundle made by hand, so that the runtime is tested without the exporter.

The model in it is a rule whose answers can be worked out on paper: tokens are what white space leaves; a
token that starts with a digit is a `number` (B- after another token, I- after a number); the label is
`numbers` where there is one and `words` otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from edgekd.cli import main
from edgekd.files import sha256

# In the processes of the tests, too, which would ask the hub again and again.
os.environ["HF_HUB_OFFLINE"] = "1"
# The tests run in two processes. With more threads than cores those of OpenMP wait for each other at full
# load, and the tests of fine-tuning take minutes in place of 14 seconds.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
# Trainings of a few steps are over before XLA has compiled one.
os.environ.setdefault("EDGEKD_XLA", "0")

LABELS = ["numbers", "words"]
SLOTS = ["number"]
TAGS = ["O", "B-number", "I-number"]
SIGNATURES = [{"name": "tokens_4", "chars": 16, "tokens": 4}, {"name": "tokens_8", "chars": 48, "tokens": 8}]
MAX_CHARS, MAX_TOKENS = 48, 8


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def edgekd(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, in this process: one of its own takes ten seconds to import the libraries."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["edgekd", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        return Said(left.value.code or 0, *capsys.readouterr())

    return run


def _graph(codepoints, tokens: int):
    """int32[1, chars] -> the documented outputs, with room for `tokens` tokens."""
    import tensorflow as tf

    blank = codepoints <= 32
    start = tf.cast(~blank & tf.concat([tf.ones_like(blank[:, :1]), blank[:, :-1]], axis=1), tf.int32)
    number_of_token = tf.cumsum(start, axis=1)
    inside = tf.cast(~blank, tf.int32) * number_of_token
    row = tf.range(1, tokens + 1)[None, :, None]
    member = tf.cast(tf.equal(inside[:, None, :], row), tf.int32)
    first = member * start[:, None, :]
    position = tf.range(tf.shape(codepoints)[1])[None, None, :]
    starts = tf.reduce_sum(first * position, axis=2)
    ends = starts + tf.reduce_sum(member, axis=2)
    letter = tf.reduce_sum(first * codepoints[:, None, :], axis=2)
    number = (letter >= 48) & (letter <= 57)
    after = tf.concat([tf.zeros_like(number[:, :1]), number[:, :-1]], axis=1)
    tags = tf.stack([~number, number & ~after, number & after], axis=2)
    any_number = tf.reduce_any(number, axis=1)
    return {
        "label_logits": 4.0 * tf.cast(tf.stack([any_number, ~any_number], axis=1), tf.float32),
        "tag_logits": 4.0 * tf.cast(tags, tf.float32),
        "token_spans": tf.stack([starts, ends], axis=2),
        "token_count": number_of_token[:, -1],
    }


def _write_tflite(path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    functions = {}
    for signature in SIGNATURES:
        spec = tf.TensorSpec([1, signature["chars"]], tf.int32, name="codepoints")
        function = tf.function(
            lambda codepoints, n=signature["tokens"]: _graph(codepoints, n), input_signature=[spec]
        )
        functions[signature["name"]] = function
        setattr(module, signature["name"], function)
    saved = path.parent / "saved"
    tf.saved_model.save(module, str(saved), signatures=functions)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved), signature_keys=list(functions))
    path.write_bytes(converter.convert())


def _write_onnx(path: Path) -> None:
    import numpy as np
    from onnx import TensorProto, helper

    from edgekd.export.onnx_builder import OnnxBuilder

    graph = OnnxBuilder()
    integers, floats = {"to": TensorProto.INT32}, {"to": TensorProto.FLOAT}
    points = graph("Reshape", "codepoints", np.array([-1]))
    inside = graph("Cast", graph("Greater", points, np.int32(32)), **integers)
    before = graph("Pad", inside, np.array([1, -1]))
    start = graph("Mul", inside, graph("Sub", np.int32(1), before))
    token_of_char = graph("CumSum", start, np.int64(0))
    rows = np.arange(1, MAX_TOKENS + 1, dtype=np.int32)[:, None]
    own = graph("Cast", graph("Equal", rows, token_of_char), **integers)
    member = graph("Cast", graph("Mul", own, inside), **floats)
    first = graph("ArgMax", member, axis=1)
    length = graph("Cast", graph("ReduceSum", member, np.array([1]), keepdims=1), to=TensorProto.INT64)
    spans = graph("Cast", graph("Concat", first, graph("Add", first, length), axis=1), **integers)
    letter = graph(
        "Mul", graph("Gather", points, first), graph("Cast", graph("Min", length, np.int64(1)), **integers)
    )
    digit = graph(
        "And", graph("GreaterOrEqual", letter, np.int32(48)), graph("LessOrEqual", letter, np.int32(57))
    )
    number = graph("Cast", digit, **floats)
    after = graph("Pad", number, np.array([1, 0, -1, 0]))
    goes_on = graph("Mul", number, after)
    outside = graph("Sub", np.float32(1), number)
    tags = graph("Concat", outside, graph("Sub", number, goes_on), goes_on, axis=1)
    any_number = graph("ReduceMax", number, np.array([0]), keepdims=1)
    labels = graph("Concat", any_number, graph("Sub", np.float32(1), any_number), axis=1)
    outputs = {
        "label_logits": (graph("Mul", labels, np.float32(4)), TensorProto.FLOAT),
        "tag_logits": (
            graph("Unsqueeze", graph("Mul", tags, np.float32(4)), np.array([0])),
            TensorProto.FLOAT,
        ),
        "token_spans": (graph("Unsqueeze", spans, np.array([0])), TensorProto.INT32),
        "token_count": (graph("ReduceMax", token_of_char, np.array([0]), keepdims=1), TensorProto.INT32),
    }
    shapes = {
        "label_logits": [1, 2],
        "tag_logits": [1, MAX_TOKENS, 3],
        "token_spans": [1, MAX_TOKENS, 2],
        "token_count": [1],
    }
    for name, (value, _) in outputs.items():
        graph.rename(value, name)
    model = graph.model(
        [helper.make_tensor_value_info("codepoints", TensorProto.INT32, [1, "chars"])],
        [helper.make_tensor_value_info(name, kind, shapes[name]) for name, (_, kind) in outputs.items()],
        opset=18,
    )
    path.write_bytes(model.SerializeToString())


def _describe(folder: Path) -> dict:
    def entry(name: str, **more) -> dict:
        file = folder / name
        return {"scheme": "float", "bytes": file.stat().st_size, "sha256": sha256(file), **more}

    return {
        "format": "edgekd-bundle",
        "format_version": 1,
        "name": "numbers",
        "task": "joint",
        "labels": LABELS,
        "slots": SLOTS,
        "tags": TAGS,
        "languages": ["en", "de"],
        "front_end": {"version": 1},
        "max_chars": MAX_CHARS,
        "max_tokens": MAX_TOKENS,
        "input": {"name": "codepoints", "dtype": "int32", "shape": [1, "chars"], "padding": 0},
        "files": {
            "model.tflite": entry(
                "model.tflite", runtime="tflite", signatures=SIGNATURES, oldest_runtime="2.14"
            ),
            "model.onnx": entry("model.onnx", runtime="onnx", opset=18),
        },
    }


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle, made once; tests that change it copy it."""
    folder = tmp_path_factory.mktemp("numbers")
    _write_tflite(folder / "model.tflite")
    _write_onnx(folder / "model.onnx")
    (folder / "edgekd.json").write_text(json.dumps(_describe(folder)), "utf-8")
    return folder


@pytest.fixture(scope="session")
def old_python(pytestconfig: pytest.Config) -> Path:
    """Python with tflite-runtime 2.14 and numpy 1."""
    if sys.version_info >= (3, 12) or sys.platform != "linux":
        pytest.skip("tflite-runtime 2.14 has wheels for Linux and Python up to 3.11 only")
    folder = Path(pytestconfig.cache.mkdir("tflite-runtime"))
    python, finished = folder / "bin" / "python", folder / "finished"
    if not finished.exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "tflite-runtime==2.14.0", "numpy<2"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"tflite-runtime cannot be installed here: {done.stderr.strip()[-200:]}")
        finished.touch()
    return python


@pytest.fixture
def labelled_data(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of labelled data, and the logits of a teacher that is right, in a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = {"wake": "wake me up at {}", "music": "play some {} music", "light": "turn the {} light on"}
    fillers = ("seven", "eight", "red", "blue", "jazz", "rock", "kitchen", "noon", "green", "soul")
    rows = [(text.format(filler), label) for label, text in texts.items() for filler in fillers]
    (tmp_path / "data").mkdir()
    for split, part in (("train", rows[::2] + rows[1::4]), ("dev", rows[3::4])):
        lines = [json.dumps({"text": text, "label": label, "language": "en"}) for text, label in part]
        (tmp_path / "data" / f"{split}.jsonl").write_text("\n".join(lines))
    labels = sorted(texts)
    logits = [[5.0 * (label == name) for name in labels] for _, label in rows]
    table = pa.table({"text": [text for text, _ in rows], "logits": logits})
    meta = json.dumps({"task": "classification", "labels": labels})
    pq.write_table(table.replace_schema_metadata({"edgekd": meta}), tmp_path / "logits.parquet")
    return tmp_path / "data", tmp_path / "logits.parquet"
