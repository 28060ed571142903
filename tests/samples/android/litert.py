"""LiteRT for the Java class Interpreter: requests on stdin, answers on stdout, as DataOutputStream writes."""

from __future__ import annotations

import os
import struct
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # what the runtime prints belongs elsewhere


def read_int() -> int:
    return struct.unpack(">i", requests.read(4))[0]


def read_string() -> str:
    return requests.read(struct.unpack(">H", requests.read(2))[0]).decode()


def write_string(text: str) -> None:
    answers.write(struct.pack(">H", len(text.encode())) + text.encode())


interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
while requests.peek(1):
    signature, name = read_string(), read_string()
    values = np.frombuffer(requests.read(4 * read_int()), ">i4").astype(np.int32)[None, :]
    try:
        outputs = interpreter.get_signature_runner(signature)(**{name: values})
        answers.write(struct.pack(">i", len(outputs)))
        for name, value in outputs.items():
            write_string(name)
            answers.write(struct.pack(">i", value.nbytes) + value.tobytes())
    except (RuntimeError, ValueError) as error:
        answers.write(struct.pack(">i", -1))
        write_string(str(error))
    answers.flush()
