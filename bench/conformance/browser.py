"""onnxruntime-web in a real Chromium: a server on the loopback hands out the texts and takes the answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from bench.conformance.answers import Answer, part_path, parts, write_part
from bench.conformance.jobs import HostError, Job, Unavailable, installed
from bench.conformance.texts import Texts
from edgekd.files import replacing_folder, sha256

_PAGE = Path(__file__).parent / "browser"
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0",
)  # fmt: skip
_SILENCE_SECONDS = 300  # in which a page that works posts many parts


def onnxruntime_web(cache: Path) -> Path:
    """The folder of onnxruntime-web's files, installed once by npm from the lock file."""
    lock = _PAGE / "package-lock.json"
    folder = cache / f"onnxruntime-web-{sha256(lock)[:12]}"
    if not folder.exists():
        npm = shutil.which("npm")
        if not npm:
            raise Unavailable("there is no npm, which brings onnxruntime-web", fix="apt-get install npm")
        with replacing_folder(folder) as fresh:
            for name in ("package.json", lock.name, ".npmrc"):
                shutil.copy(_PAGE / name, fresh)
            installed([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=fresh)
    return folder / "node_modules" / "onnxruntime-web" / "dist"


@dataclass(frozen=True)
class BrowserHost:
    """Opens `browser/page.html`, which runs an ONNX file.

    Attributes:
        chromium: the program.
        dist: files of onnxruntime-web.
    """

    file: str
    chromium: str
    dist: Path

    def answer(self, job: Job) -> None:
        with (
            _Server(job, self.dist) as server,
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        ):
            command = [self.chromium, *_FLAGS, f"--user-data-dir={profile}", f"{server.address}/page.html"]
            browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                server.wait(browser)
            finally:
                browser.terminate()
                browser.wait()


class _Server(ThreadingHTTPServer):
    """Serves one job; as a context it serves in the background."""

    def __init__(self, job: Job, dist: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.job, self.dist, self.texts = job, dist, Texts.load(job.texts)
        self.finished, self.error, self.last_sign = False, "", time.monotonic()
        self._stop = float("inf")  # until the page has loaded the model

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> _Server:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.shutdown()
        self.server_close()

    def next_part(self) -> range | None:
        """A part that has no answers yet; None where there is none, or the time is over."""
        self._stop = min(self._stop, time.monotonic() + self.job.seconds)
        missing = (part for part in parts(self.job.count) if not part_path(self.job.answers, part).exists())
        return next(missing, None) if time.monotonic() < self._stop else None

    def wait(self, browser: subprocess.Popen[bytes]) -> None:
        """Until the page has finished; raises HostError where it failed or fell silent."""
        while not self.finished:
            time.sleep(0.1)
            if browser.poll() is not None:
                self.error = self.error or f"the browser ended with code {browser.returncode}"
            if time.monotonic() > self.last_sign + _SILENCE_SECONDS:
                self.error = self.error or f"no answer for {_SILENCE_SECONDS} s"
            if self.error:
                raise HostError(f"onnxruntime-web failed: {self.error}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        job = self.server.job
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["page.html" | "page.js" as name]:
                self._send((_PAGE / name).read_bytes(), _TYPES[Path(name).suffix])
            case ["onnxruntime-web", name] if (self.server.dist / name).is_file():
                self._send((self.server.dist / name).read_bytes(), _TYPES[Path(name).suffix])
            case ["model.onnx"]:
                self._send(job.file.read_bytes(), "application/octet-stream")
            case ["job.json"]:
                self._send_json({"max_chars": job.max_chars, "max_tokens": job.max_tokens})
            case ["next"]:
                part = self.server.next_part()
                self._send_json(part and [part.start, part.stop])
            case ["texts", start, stop]:
                some = Texts.of(self.server.texts[index] for index in range(int(start), int(stop)))
                content = some.ends.astype("<i4").tobytes() + some.codepoints.astype("<i4").tobytes()
                self._send(content, "application/octet-stream")
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.last_sign = time.monotonic()
        match self.path.strip("/").split("/"):
            case ["part", start, stop]:
                part = range(int(start), int(stop))
                answers = _answers(body, json.loads(self.headers["X-Shape"]))
                write_part(part_path(self.server.job.answers, part), self.headers["X-Host"], answers)
            case ["finished"]:
                self.server.finished = True
            case ["failed"]:
                self.server.error = body.decode("utf-8", "replace")
        self._send(b"", "text/plain")

    def _send_json(self, content: Any) -> None:
        self._send(json.dumps(content).encode(), "application/json")

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nothing: the answers are the log."""


def _answers(body: bytes, shapes: list[list[int]]) -> list[Answer]:
    """What page.js posts: for each text the hash of its features, spans, label logits and tag logits."""
    answers, at = [], 0

    def take(dtype: str, *shape: int) -> np.ndarray:
        nonlocal at
        values = np.frombuffer(body, dtype, int(np.prod(shape)), at).reshape(shape)
        at += values.nbytes
        return values

    for count, rows, labels, tags in shapes:
        features = int(take("<u8", 1)[0])
        spans, label_logits = take("<i4", rows, 2), take("<f4", labels)
        answers.append(Answer(features, count, spans, label_logits, take("<f4", rows, tags)))
    return answers
