"""`edgekd demo`: try a bundle in the browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer


def command(
    bundle: Annotated[Path, typer.Argument(help="A folder made by `edgekd export`, with a model.onnx.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="On this machine; 0 for any free one.")] = 8642,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Serve a page that runs the student in the browser: type a sentence, see labels, slots and latency.

    The page is built by npm at the first use (Node.js 20 or newer) and kept in the cache; from then on
    nothing is needed but a browser. Ctrl-C ends it.
    """
    from edgekd.cli.console import console, log
    from edgekd.demo import DemoServer, build_site, site_folder
    from edgekd.errors import BundleError
    from edgekd.runtime.manifest import Manifest

    manifest = Manifest.read(bundle)
    model = manifest.files.get("onnx")
    if model is None:
        raise BundleError(
            f"{bundle} holds no model.onnx, which the browser runs",
            expected="a bundle with an ONNX file",
            fix="edgekd export RUN --formats onnx,tflite --out BUNDLE",
        )
    model.verify()
    site = site_folder()
    if not site.is_dir():
        log.print("first use: building the page with npm, which takes about half a minute")
        build_site(site)
    with DemoServer(site, manifest, model, port) as server:
        console.print(f"{manifest.name} runs at {server.url} until Ctrl-C", soft_wrap=True)
        if show and _has_a_browser():
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            log.print("ended")


def _has_a_browser() -> bool:
    """On Linux, a screen; without one `webbrowser` would start a text browser in this very terminal."""
    return not sys.platform.startswith("linux") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
