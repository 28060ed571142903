"""`edgekd demo`: its server, its errors, and how the page is built; the page itself is in test_web.py."""

from __future__ import annotations

import functools
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgekd.demo import DemoServer, build_site, site_folder
from edgekd.errors import EdgekdError, MissingExtraError
from edgekd.runtime.manifest import Manifest

PAGE = {
    "index.html": ("<!doctype html>", "text/html; charset=utf-8"),
    "page/main.js": ("export {}", "text/javascript; charset=utf-8"),
    "ort/ort.mjs": ("export {}", "text/javascript; charset=utf-8"),
    "ort/ort.wasm": ("\0asm", "application/wasm"),
    "page.css": ("body {}", "text/css; charset=utf-8"),
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the user's own, with nothing in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def site(cache: Path) -> Path:
    """A page in the cache, so that npm is not needed."""
    folder = site_folder()
    for name, (content, _) in PAGE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def server(site: Path, bundle_folder: Path) -> Iterator[DemoServer]:
    manifest = Manifest.read(bundle_folder)
    with DemoServer(site, manifest, manifest.files["onnx"], 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(server: DemoServer, path: str, method: str = "GET") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*server.server_address, timeout=10)
    connection.request(method, path)
    return connection.getresponse()


def edgekd_demo(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgekd", "demo", *map(str, arguments), "--no-open"]
    variables = os.environ | environment
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


def fake_npm(folder: Path, script: str) -> Path:
    """A folder for PATH with an npm that runs a shell script."""
    folder.mkdir(exist_ok=True)
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    return folder


def test_the_page_and_the_bundle_are_served(server: DemoServer, bundle_folder: Path) -> None:
    for name, (content, kind) in PAGE.items():
        answer = get(server, f"/{name}?now")
        assert (answer.status, answer.headers["Content-type"]) == (200, kind)
        assert answer.read().decode() == content
    assert get(server, "/").read().startswith(b"<!doctype html>")
    assert get(server, "/bundle/model.onnx").read() == (bundle_folder / "model.onnx").read_bytes()
    assert json.loads(get(server, "/bundle/edgekd.json").read())["name"] == "numbers"
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "path",
    [
        "/bundle/model.tflite",
        "/bundle/",
        "/page/",
        "/../secret",
        "/page/../../secret",
        "/%2e%2e/secret",
        "/bundle/..%2fsecret",
        "/page\\..\\..\\secret",
        "//etc/passwd",
        "/etc/passwd",
        "//[",
    ],
)
def test_nothing_else_is_served(server: DemoServer, site: Path, path: str) -> None:
    (site.parent / "secret").write_text("secret")
    for method in ("GET", "HEAD"):
        assert get(server, path, method).status in (400, 404)


def test_a_golden_file_that_is_missing_is_not_found(server: DemoServer, bundle_folder: Path) -> None:
    assert not (bundle_folder / "golden.jsonl").exists()
    assert get(server, "/bundle/golden.jsonl").status == 404


def test_ctrl_c_ends_it_cleanly(site: Path, bundle_folder: Path) -> None:
    command = [sys.executable, "-m", "edgekd", "demo", str(bundle_folder), "--port", "0", "--no-open"]
    # Where the tests run in the background, Ctrl-C is ignored, and what they start inherits that.
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, preexec_fn=listen) as process:
        said = process.stdout.readline()
        address = re.search(r"numbers runs at http://(127\.0\.0\.1):(\d+)/", said)
        connection = http.client.HTTPConnection(address[1], int(address[2]), timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert errors == "ended\n"


def test_not_a_bundle(tmp_path: Path) -> None:
    done = edgekd_demo(tmp_path)
    assert done.returncode == 1
    assert "is not a bundle" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bundle_without_onnx(bundle_folder: Path, tmp_path: Path) -> None:
    content = json.loads((bundle_folder / "edgekd.json").read_text("utf-8"))
    del content["files"]["model.onnx"]
    (tmp_path / "edgekd.json").write_text(json.dumps(content), "utf-8")
    done = edgekd_demo(tmp_path)
    assert done.returncode == 1
    assert "holds no model.onnx" in done.stderr
    assert "--formats onnx" in done.stderr


def test_a_model_that_was_changed(bundle_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bundle_folder, tmp_path / "bundle", ignore=shutil.ignore_patterns("saved"))
    (folder / "model.onnx").write_bytes(b"changed")
    done = edgekd_demo(folder)
    assert done.returncode == 1
    assert "damaged or was changed" in done.stderr


def test_a_port_in_use(site: Path, bundle_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = edgekd_demo(bundle_folder, "--port", port)
    assert done.returncode == 1
    assert f"port {port} cannot be had" in done.stderr
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_npm_is_missing(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtraError, match="npm is not installed(.|\n)*nodejs.org"):
        build_site(site_folder())


def test_npm_fails(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = fake_npm(tmp_path / "bin", "echo 'npm error network is unreachable' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{npm}:{os.environ['PATH']}")
    with pytest.raises(EdgekdError, match="npm ci failed\n  npm error network is unreachable"):
        build_site(site_folder())
    assert not site_folder().exists()


def test_what_npm_builds_is_kept(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = '[ "$*" = ci ] && test -f package-lock.json || { mkdir dist; echo "$*" > dist/index.html; }'
    monkeypatch.setenv("PATH", f"{fake_npm(tmp_path / 'bin', script)}:{os.environ['PATH']}")
    build_site(site_folder())
    assert [path.name for path in site_folder().iterdir()] == ["index.html"]
    assert (site_folder() / "index.html").read_text() == "run build\n"
    assert site_folder().is_relative_to(cache)
