"""A Debian for ARM in a folder, in which qemu runs Python with the real ARM wheels."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgekd.bench.targets.wheels import Platform
from edgekd.errors import TargetError
from edgekd.files import replacing_folder, user_cache, write_text

QEMU = "qemu-aarch64-static"
CORE = "cortex-a76"  # qemu's default, "max", gives wrong int8 results without an error

# Both runtimes read the core's features from here; without it they crash, and with features that CORE lacks
# they die of an illegal instruction.
_FEATURES = (
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
)
_CPUINFO = """processor\t: {number}
BogoMIPS\t: 108.00
Features\t: {features}
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""


class Sysroot:
    """Debian's arm64 Python, unpacked under the user's cache and never installed.

    The first one takes minutes.

    Attributes:
        python: the command that starts it.
        environment: what it needs beside.
        platform: for wheels.

    Raises:
        TargetError: a tool is missing, or the packages cannot be had.
    """

    def __init__(self) -> None:
        if not shutil.which(QEMU):
            raise TargetError(f"there is no {QEMU}", fix="apt-get install qemu-user-static")
        if not (shutil.which("apt-get") and shutil.which("dpkg")):
            raise TargetError(
                "the ARM Python comes from Debian's packages", expected="a Debian or Ubuntu system"
            )
        root = user_cache() / f"arm-{CORE}"
        if not root.exists():
            with replacing_folder(root) as fresh:
                _unpack_debian(fresh)
                (fresh / "proc").mkdir()
                cores = [_CPUINFO.format(number=number, features=_FEATURES) for number in range(2)]
                write_text(fresh / "proc" / "cpuinfo", "".join(cores))
        self.python = (QEMU, "-cpu", CORE, "-L", str(root), str(_interpreter(root)))
        self.environment = {"PYTHONHOME": str(root / "usr")}
        asked = "import platform, sys; print(platform.libc_ver()[1], *sys.version_info[:2])"
        glibc, *version = _run([*self.python, "-c", asked], self.environment).split()
        major, minor = map(int, version)
        self.platform = Platform("aarch64", int(glibc.split(".")[1]), (major, minor))


def _unpack_debian(root: Path) -> None:
    packages = root / "packages"
    for name in ("lists/partial", "deb/partial"):
        (packages / name).mkdir(parents=True)
    apt = [
        "apt-get", "-qq", "-oAPT::Architecture=arm64", "-oAPT::Architectures=arm64",
        f"-oDir::State::Lists={packages / 'lists'}", "-oDir::State::status=/dev/null",
        f"-oDir::Cache::archives={packages / 'deb'}",
    ]  # fmt: skip
    _run([*apt, "update"])
    _run([*apt, "install", "-y", "-d", "--no-install-recommends", "python3", "libstdc++6"])
    for package in (packages / "deb").glob("*.deb"):
        _run(["dpkg", "-x", str(package), str(root)])
    shutil.rmtree(packages)


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What a command writes; raises TargetError where it fails."""
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-500:]
        raise TargetError(f"`{' '.join(command)}` ended with code {done.returncode}: {said}")
    return done.stdout


def _interpreter(root: Path) -> Path:
    """The Python that Debian's `python3` depends on, such as python3.11."""
    programs = sorted((root / "usr" / "bin").glob("python3.*"))
    return next(path for path in programs if path.suffix[1:].isdigit())
