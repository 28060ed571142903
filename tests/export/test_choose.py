"""`--quantize auto` takes the smallest file that is fast and loses little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgekd.data.examples import Example, Task
from edgekd.errors import ParityError
from edgekd.quantize.schemes import SCHEMES


def trial(format: str, scheme: str, size: int, p50_us: float, change: float) -> object:
    from edgekd.export.choose import Trial
    from edgekd.export.comparison import Comparison

    comparison = Comparison(Task.JOINT, 10, 1.0, {"exact_match": 0.8}, {"exact_match": change}, p50_us)
    return Trial(format, SCHEMES[scheme], SimpleNamespace(bytes=size, comparison=comparison))


TRIALS = [
    ("tflite", "float32", 4000, 400, 0.0),
    ("tflite", "float16", 2000, 390, 0.0),
    ("tflite", "int8", 1000, 100, -0.001),
    ("tflite", "int4", 500, 124, -0.01),
    ("onnx", "float32", 4000, 100, 0.0),
    ("onnx", "int8", 1000, 120, 0.002),
    ("onnx", "int4", 500, 126, 0.0),
]


@pytest.mark.parametrize(
    ("max_loss", "tflite", "onnx"),
    [
        (0.02, "int4", "int8"),  # onnx: int4 is more than a quarter slower than the fastest
        (0.005, "int8", "int8"),
        (0.0, "float16", "int8"),
    ],
)
def test_the_smallest_of_the_fast_that_pass(max_loss: float, tflite: str, onnx: str) -> None:
    from edgekd.export.choose import best

    chosen = best([trial(*one) for one in TRIALS], max_loss)
    assert chosen == {"tflite": SCHEMES[tflite], "onnx": SCHEMES[onnx]}


def test_of_files_of_one_size_the_one_that_loses_least() -> None:
    from edgekd.export.choose import best

    trials = [trial("onnx", "int8", 1010, 100, -0.001), trial("onnx", "full-int8", 1000, 100, -0.003)]
    assert best(trials, 0.005) == {"onnx": SCHEMES["int8"]}
    trials = [trial("onnx", "int8", 1030, 100, -0.001), trial("onnx", "full-int8", 1000, 100, -0.003)]
    assert best(trials, 0.005) == {"onnx": SCHEMES["full-int8"]}


def test_a_format_in_which_none_passes_is_left_out() -> None:
    from edgekd.export.choose import Trial, best

    trials = [trial("tflite", "int8", 1000, 100, -0.2), Trial("tflite", SCHEMES["int4"], None, "differs")]
    assert best([*trials, trial("onnx", "int8", 1000, 100, 0.0)], 0.005) == {"onnx": SCHEMES["int8"]}


def test_every_scheme_is_tried_and_a_refusal_kept(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edgekd.export import choose

    real = choose.export

    def refuse_float16(run: Path, out: Path, schemes: dict, **settings: object) -> list:
        if schemes["onnx"].weight_bits == 16:
            raise ParityError("it differs")
        return real(run, out, schemes, **settings)

    monkeypatch.setattr(choose, "export", refuse_float16)
    # With random weights and five texts, coarse schemes say what they like.
    for name in ("full-int8", "int4"):
        monkeypatch.setitem(SCHEMES, name, replace(SCHEMES[name], agreement=0.0))
    examples = [Example(f"wake me at {hour}", "en", ("alarm",)) for hour in range(5)]
    trials = choose.try_schemes(tiny_run, examples, ["onnx"], calibration=[one.text for one in examples])
    assert [one.scheme for one in trials] == list(SCHEMES.values())
    assert [one.refused for one in trials] == ["", "it differs", "", "", ""]
    sizes = [one.file.bytes for one in trials if one.file]
    assert len(set(sizes)) == 4
    assert min(sizes) == sizes[-1]
    assert all(one.file.comparison.p50_us > 1 for one in trials if one.file)
