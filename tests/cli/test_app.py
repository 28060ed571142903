"""The command line as a process: start-up, exit codes, and messages instead of tracebacks."""

import subprocess
import sys

import pytest


def edgekd(*arguments, **kwargs):
    command = [sys.executable, "-m", "edgekd", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **kwargs)


@pytest.mark.parametrize(
    "verb",
    [
        "data",
        "teach",
        "audit",
        "pretrain",
        "label",
        "distill",
        "search",
        "export",
        "embed",
        "bench",
        "predict",
        "verify",
        "demo",
        "corpus",
    ],
)
def test_every_verb_explains_itself(verb):
    result = edgekd(verb, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


def test_help_imports_no_heavy_package():
    heavy = ("tensorflow", "torch", "numpy", "pydantic")
    code = f"import sys, edgekd.cli.app; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("distill", "--data", "x"), 2, "--teacher, --out is missing"),
        (("distill", "--data", "x", "--teacher", "y", "--out", "z", "--student", "lstm"), 2, "pqrnn-0.2m"),
        (("distill", "--data", "x", "--teacher", "y", "--out", "z", "--set", "epochs=3"), 2, "epochs: Extra"),
        (
            ("distill", "--data", "x", "--teacher", "y", "--out", "z", "--set", "training.epochs.x=3"),
            2,
            "SECTION.FIELD",
        ),
        (
            ("distill", "--data", "x", "--teacher", "y", "--out", "z", "--set", "training.epochs"),
            2,
            "FIELD=VALUE",
        ),
        (
            ("distill", "--data", "x", "--teacher", "y", "--out", "z", "--set", "training.epochs=no"),
            2,
            "epochs",
        ),
        (("distill", "--resume", "nowhere"), 1, "holds no run"),
        (("distill", "--data", "nowhere.csv", "--teacher", "y", "--out", "z"), 1, "nowhere.csv"),
        (("audit", "--data", "x", "--teacher", "y", "--out", "z"), 2, "ends in .html"),
        (("audit", "--data", "nowhere.csv", "--teacher", "y", "--out", "z.html"), 1, "nowhere.csv"),
        (
            ("distill", "--data", "x", "--teacher", "y+z", "--out", "z", "--teacher-weights", "best"),
            2,
            "0.7,0.3",
        ),
        (("search", "--data", "x", "--teacher", "y", "--out", "z", "--max-cost", "9"), 2, "without --cost"),
        (("search", "--data", "x", "--teacher", "y", "--out", "z", "--cost", "beauty"), 2, "latency or size"),
        (("search", "--data", "x", "--teacher", "y", "--out", "z", "--space", "none"), 2, "no space none"),
        (
            ("search", "--data", "x", "--teacher", "y", "--out", "z", "--auto", "s", "--jobs", "2"),
            2,
            "one process",
        ),
        (("export", "nowhere", "--out", "z"), 1, "no folder nowhere"),
        (("export", ".", "--out", "z"), 1, "holds no trained student"),
        (("export", ".", "--out", "z", "--control"), 1, "holds no trained control"),
        (("embed", "nowhere", "--for", "python"), 1, "nowhere is not a bundle"),
        (("predict", "nowhere", "text"), 1, "nowhere"),
        (("verify", "nowhere"), 1, "nowhere"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_bad_input_is_explained(tmp_path, arguments, code, said):
    result = edgekd(*arguments, cwd=tmp_path)
    assert result.returncode == code, result.stderr
    assert said in " ".join((result.stdout + result.stderr).split())
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())
