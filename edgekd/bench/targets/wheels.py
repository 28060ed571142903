"""Packages for a target that lacks them, fetched here as wheels of its platform and unpacked."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgekd.errors import TargetError
from edgekd.files import replacing_folder, user_cache
from edgekd.runtime.backends import RUNTIMES
from edgekd.runtime.manifest import Manifest

_NEEDS = {
    "ai-edge-litert": ("numpy", "backports.strenum", "flatbuffers"),
    "tflite-runtime": ("numpy<2",),
    "onnxruntime": ("numpy", "flatbuffers"),
}
"""What each runtime's package needs to run a model; what more it asks for is for training and converting."""

_OLDEST_GLIBC = 17


@dataclass(frozen=True)
class Platform:
    """A Linux on which Python runs.

    Attributes:
        machine: as `uname -m` says it.
        glibc: the minor version of glibc 2.
        python: major and minor version.
    """

    machine: str
    glibc: int
    python: tuple[int, int]

    @property
    def tags(self) -> list[str]:
        """The wheels that run there, as pip names their platforms, the newest first."""
        newest_first = range(self.glibc, _OLDEST_GLIBC - 1, -1)
        return [f"manylinux_2_{minor}_{self.machine}" for minor in newest_first] + [
            f"manylinux2014_{self.machine}"
        ]


def missing_packages(installed: Collection[str], runtime: str, manifest: Manifest) -> list[str]:
    """The runtimes that a target must be sent to run a bundle; none where it has what it takes.

    Args:
        installed: packages that it has.
        runtime: "auto" is content with any; "all" with any too, and else asks for the newest of each file.
    """
    able = [one for one in RUNTIMES.values() if one.file in manifest.files]
    wanted = [one for one in able if one.name == runtime] or able
    if "numpy" in installed and any(one.package in installed for one in wanted):
        return []
    newest = {one.file: one.package for one in reversed(wanted)}
    return sorted(newest.values()) if runtime == "all" else [wanted[0].package]


def site_of(packages: Sequence[str], platform: Platform) -> Path:
    """A folder with runtimes and what they need, for a platform; fetched at the first call, then kept.

    Args:
        packages: of `edgekd.runtime.backends.RUNTIMES`, in the versions that are installed here.

    Raises:
        TargetError: there is no such wheel, or it cannot be had.
    """
    wanted = [_as_here(one) for package in packages for one in (package, *_NEEDS[package])]
    wanted = sorted(set(wanted))
    key = "-".join([platform.machine, f"glibc2.{platform.glibc}", "python" + _dotted(platform), *wanted])
    folder = user_cache() / "wheels" / key.replace("==", "-").replace("<", "-below-")
    if not folder.exists():
        with replacing_folder(folder) as fresh:
            _download(wanted, platform, fresh / ".wheels")
            for wheel in sorted((fresh / ".wheels").glob("*.whl")):
                with zipfile.ZipFile(wheel) as content:
                    content.extractall(fresh)
                wheel.unlink()
            (fresh / ".wheels").rmdir()
    return folder


def _download(wanted: Sequence[str], platform: Platform, folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--implementation", "cp", "--python-version", _dotted(platform), "--dest", str(folder)),
        *(f"--platform={tag}" for tag in platform.tags),
        *wanted,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr[-500:]]
        raise TargetError(
            f"pip finds no wheels of {', '.join(wanted)} for {platform.machine}: {said[-1]}",
            expected=f"wheels for Python {_dotted(platform)} and glibc 2.{platform.glibc}, or a network",
            fix=f"install {wanted[0].split('=')[0]} on the target itself",
        )


def _as_here(package: str) -> str:
    """A requirement: the version that is installed here, if there is one and nothing else is asked for."""
    if "<" in package:
        return package
    try:
        return f"{package}=={version(package)}"
    except PackageNotFoundError:
        return package


def _dotted(platform: Platform) -> str:
    return ".".join(map(str, platform.python))
