"""The memory of a contender: of a fresh process that loads it and answers, above that of a bare Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.peers.peer import Peer
from edgekd.bench.runner.memory import memory_bytes
from edgekd.errors import RunError


def steady_memory(peer: Peer, texts: Sequence[str]) -> int | None:
    """Resident bytes after all texts, less those of Python alone; None where the system does not tell them.

    What the contender imports is in it: numpy, its runtime, its tokenizer.

    Raises:
        RunError: the process failed.
    """
    question = json.dumps({"peer": peer.to_json(), "texts": list(texts)})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "bench.peers.memory"],
        input=question,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise RunError(
            f"a fresh process could not run {peer.name}: {done.stderr.strip()[-300:]}",
            expected="the peer to load there as it does here",
        )
    # Libraries print what they like before it.
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """The fresh process: its question comes by stdin, its answer goes to stdout, both JSON."""
    question = json.load(sys.stdin)
    # This process has imported what most peers need, numpy for one: so Python alone is asked, in another.
    bare = _of_bare_python()
    predict = Peer.from_json(question["peer"]).load()
    for text in question["texts"]:
        predict(text)
    steady = memory_bytes("VmRSS")
    print(json.dumps(None if steady is None or bare is None else steady - bare))


def _of_bare_python() -> int | None:
    """Resident bytes of a Python that has imported nothing."""
    program = "print(open('/proc/self/status').read().split('VmRSS:')[1].split()[0])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return None if done.returncode else int(done.stdout) * 1024


if __name__ == "__main__":
    main()
