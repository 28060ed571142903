"""Run a bundle's file on texts, wherever Python runs: needs numpy, the runtime, and edgekd's source.

python -m bench.conformance.runner JOB.json
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.conformance.answers import Answer, fingerprint, part_path, parts, write_part
from bench.conformance.texts import Texts
from edgekd.runtime.backends import RUNTIMES

Outputs = dict[str, np.ndarray]
Run = Callable[[np.ndarray], Outputs]


def opened(job: Mapping[str, Any]) -> Callable[[np.ndarray], Answer]:
    """A function from code points, int32 (chars,), to the answer of the job's file."""
    runtime = RUNTIMES[job["runtime"]]
    run = (_onnx if runtime.file == "onnx" else _tflite)(importlib.import_module(runtime.module), job)
    return lambda codepoints: answer_of(run(codepoints[: job["max_chars"]]), job["max_tokens"])


def answer_of(outputs: Outputs, max_tokens: int) -> Answer:
    """The outputs of a graph without their padding."""
    count = int(outputs["token_count"][0])
    rows = min(count, max_tokens)
    features, labels, tags = (outputs.get(name) for name in ("features", "label_logits", "tag_logits"))
    return Answer(
        0 if features is None else fingerprint(features.reshape(-1, features.shape[-1])[:rows]),
        count,
        outputs["token_spans"][0, :rows],
        np.zeros(0, np.float32) if labels is None else labels[0],
        np.zeros((rows, 0), np.float32) if tags is None else tags[0, :rows],
    )


def _tflite(module: Any, job: Mapping[str, Any]) -> Run:
    """The smallest signature that holds the text, and the next where the tokens overflow it."""
    interpreter = module.Interpreter(model_path=job["file"], num_threads=1)
    signatures = [
        (chars, tokens, interpreter.get_signature_runner(name)) for name, chars, tokens in job["signatures"]
    ]

    def run(codepoints: np.ndarray) -> Outputs:
        fitting = [one for one in signatures if one[0] >= len(codepoints)]
        for chars, tokens, runner in fitting:
            padded = np.zeros((1, chars), np.int32)
            padded[0, : len(codepoints)] = codepoints
            outputs = runner(codepoints=padded)
            if outputs["token_count"][0] <= tokens:
                break
        return outputs

    return run


def _onnx(module: Any, job: Mapping[str, Any]) -> Run:
    """The one graph, on the text's own length; an empty text is one zero."""
    options = module.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    session = module.InferenceSession(job["file"], options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(codepoints: np.ndarray) -> Outputs:
        given = codepoints[None] if len(codepoints) else np.zeros((1, 1), np.int32)
        return dict(zip(names, session.run(names, {"codepoints": given}), strict=True))

    return run


def main() -> None:
    """Answer the texts of a job part by part, those that are not yet answered, until its time is over."""
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    texts, folder = Texts.load(job["texts"]), Path(job["answers"])
    ask = opened(job)
    stop = time.monotonic() + job["seconds"]
    host = f"{job['runtime']} {RUNTIMES[job['runtime']].version}, {platform.machine()}"
    for part in parts(job["count"]):
        if not part_path(folder, part).exists() and time.monotonic() < stop:
            write_part(part_path(folder, part), host, [ask(texts[index]) for index in part])


if __name__ == "__main__":
    main()
