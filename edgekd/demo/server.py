"""A server on this machine for one page and one bundle, and for nothing else."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from edgekd.errors import EdgekdError
from edgekd.runtime.manifest import Manifest, ModelFile

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".mjs": "text/javascript; charset=utf-8",
    ".onnx": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}

_HEADERS = {
    "Cache-Control": "no-cache",  # a bundle exported again is seen at the next load
    "X-Content-Type-Options": "nosniff",
    # A page that is isolated from others gets a clock of 5 microseconds instead of 100.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class DemoServer(ThreadingHTTPServer):
    """Serves the page at / and the bundle's files at /bundle/, on the loopback interface.

    What it serves is a table, made at the start: no path of a request ever reaches the file system.

    Args:
        site: the folder of the page.
        manifest: of the bundle.
        model: its ONNX file.
        port: 0 for any that is free.

    Raises:
        EdgekdError: the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, site: Path, manifest: Manifest, model: ModelFile, port: int) -> None:
        self.files = {f"/{path.relative_to(site).as_posix()}": path for path in _pages(site)}
        self.files["/"] = site / "index.html"
        for path in (manifest.folder / "edgekd.json", manifest.folder / "golden.jsonl", model.path):
            self.files[f"/bundle/{path.name}"] = path
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise EdgekdError(
                f"port {port} cannot be had: {error.strerror}",
                expected="a port that no other program uses",
                fix="--port with another number, or --port 0 for any that is free",
            ) from None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up early is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(SimpleHTTPRequestHandler):
    server: DemoServer
    extensions_map = _TYPES

    def send_head(self) -> Any:
        if _without_query(self.path) in self.server.files:
            return super().send_head()
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def translate_path(self, path: str) -> str:
        return str(self.server.files[_without_query(path)])

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the page shows what goes wrong."""


def _without_query(path: str) -> str:
    return path.partition("?")[0]


def _pages(site: Path) -> list[Path]:
    return [path for path in site.rglob("*") if path.is_file()]
