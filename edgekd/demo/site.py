"""The page as files, built once by npm from the web sample and kept in the user's cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import edgekd
from edgekd.errors import EdgekdError, MissingExtraError
from edgekd.files import replacing_folder, user_cache

_SAMPLE = Path(edgekd.__file__).parent / "samples" / "web"
_BUILT = ("node_modules", "dist", "bundle")  # what working in the sample leaves in it
_STEPS = (["ci"], ["run", "build"])
_NODE = "apt-get install nodejs npm, brew install node, or https://nodejs.org"


def site_folder() -> Path:
    """Where the page of this edgekd belongs; there once `build_site` has made it.

    The name holds a digest of the sources, so that another version, or a change, is a page of its own.
    """
    digest = hashlib.sha256()
    for path in _sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_SAMPLE).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return user_cache() / f"demo-{edgekd.__version__}-{digest.hexdigest()[:12]}"


def build_site(folder: Path) -> None:
    """Build the page in a temporary folder, with the versions of the lock file, and move it to `folder`.

    Raises:
        MissingExtraError: npm is not installed.
        EdgekdError: npm failed, as it does without a network.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise MissingExtraError(
            "npm is not installed, and the page of the demo is built with it, once",
            expected="Node.js 20 or newer with npm",
            fix=_NODE,
        )
    with tempfile.TemporaryDirectory(prefix="edgekd-demo-") as temporary:
        work = Path(temporary) / "web"
        shutil.copytree(_SAMPLE, work, ignore=shutil.ignore_patterns(*_BUILT))
        for step in _STEPS:
            _run([npm, *step], work)
        with replacing_folder(folder) as fresh:
            shutil.copytree(work / "dist", fresh, dirs_exist_ok=True)


def _sources() -> Iterator[Path]:
    for path in sorted(_SAMPLE.rglob("*")):
        if path.is_file() and path.relative_to(_SAMPLE).parts[0] not in _BUILT:
            yield path


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        shown = "\n  ".join(said[-8:])
        raise EdgekdError(
            f"the page of the demo could not be built: npm {' '.join(command[1:])} failed\n  {shown}",
            expected="Node.js 20 or newer, and npm's registry within reach at the first use",
            fix=f"{_NODE}; then the same command again",
        )
