"""The other side of a conversation with a target: started there as `python3 -c`, it needs Python alone.

It is sent as text, so it imports nothing of edgekd, and is written for Python 3.7, to tell an old one's
version. What it says are lines on stdout that begin with MARK and go on in JSON; whatever else a login shell
prints is not meant for us.

    agent -> {"hello": facts}
    host  -> {"bytes": n, "command": [...], "environment": {...}, "parent": of the work folder, "cwd": ...}
             and n bytes of tar; {folder} in the words stands for the work folder
    agent -> the runner's own lines, as they come
    agent -> {"ended": exit code, "stderr": its last words} or {"failed": why it never ran}
    host  -> a line, at least every QUIET_SECONDS, to say that it still listens

Whatever happens (an answer, an error, a signal, a line that was cut, a host that fell silent), the work
folder goes before the agent does.
"""

import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

MARK = "edgekd-agent "
QUIET_SECONDS = 60
PACKAGES = ("numpy", "ai-edge-litert", "tflite-runtime", "onnxruntime")


def say(message):
    sys.stdout.write(MARK + json.dumps(message) + "\n")
    sys.stdout.flush()


def facts():
    """What decides which wheels would run here."""
    found = {}
    try:
        from importlib import metadata

        for package in PACKAGES:
            with contextlib.suppress(metadata.PackageNotFoundError):
                found[package] = metadata.version(package)
    except ImportError:
        pass
    return {
        "python": list(sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": list(platform.libc_ver()),
        "packages": found,
    }


class Listener(threading.Thread):
    """Stops the work when the host goes away or says nothing for too long."""

    def __init__(self, stop):
        super().__init__(daemon=True)
        self.stop, self.heard = stop, time.monotonic()

    def run(self):
        threading.Thread(target=self._watch, daemon=True).start()
        while sys.stdin.buffer.readline():
            self.heard = time.monotonic()
        self.stop("the connection was closed")

    def _watch(self):
        while time.monotonic() - self.heard < QUIET_SECONDS:
            time.sleep(1)
        self.stop("the host fell silent")


def work(wanted):
    """Unpack what was sent and run the command in it; gives what is to be said."""
    child, why = [], []

    def stop(reason, *_):
        why.append(str(reason))
        if child:
            with contextlib.suppress(OSError):
                os.killpg(child[0].pid, signal.SIGKILL)

    for name in ("SIGHUP", "SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), stop)
    parent = wanted["parent"] and str(Path(wanted["parent"]).expanduser())
    folder = tempfile.mkdtemp(prefix="edgekd-", dir=parent)
    try:
        stream = Exactly(sys.stdin.buffer, wanted["bytes"])
        with tarfile.open(fileobj=stream, mode="r|") as sent:
            sent.extractall(folder)
        while stream.read(1 << 16):
            pass  # the padding after the archive's end
        if stream.left:
            return {"failed": "the connection was closed"}
        Listener(stop).start()
        command = [
            sys.executable if word == "{python}" else word.replace("{folder}", folder)
            for word in wanted["command"]
        ]
        environment = {
            name: value.replace("{folder}", folder) for name, value in wanted["environment"].items()
        }
        with tempfile.TemporaryFile(dir=folder) as errors:
            child.append(
                subprocess.Popen(
                    command,
                    cwd=wanted["cwd"] or folder,
                    env=dict(os.environ, **environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                )
            )
            if why:
                stop(why[0])  # a signal came before there was anything to stop
            for line in child[0].stdout:
                sys.stdout.write(MARK + line.decode("ascii", "replace"))
                sys.stdout.flush()
            code = child[0].wait()
            errors.seek(0, os.SEEK_END)
            errors.seek(max(errors.tell() - 2000, 0))
            said = errors.read().decode("utf-8", "replace")
        return {"failed": why[0]} if why else {"ended": code, "stderr": said}
    finally:
        stop("done")
        shutil.rmtree(folder, ignore_errors=True)


class Exactly:
    """The next so many bytes of a stream, as a file."""

    def __init__(self, stream, size):
        self.stream, self.left = stream, size

    def read(self, size):
        part = self.stream.read(min(size, self.left))
        self.left -= len(part)
        return part


def main():
    say({"hello": facts()})
    wanted = sys.stdin.buffer.readline()
    if not wanted.strip():
        return
    try:
        answer = work(json.loads(wanted.decode("ascii")))
    except (OSError, tarfile.TarError, EOFError) as error:
        answer = {"failed": str(error)}
    with contextlib.suppress(OSError):  # perhaps nobody listens any more
        say(answer)


if __name__ == "__main__":
    main()
