"""Python with LiteRT and ONNX Runtime on an emulated ARM core: proves results; its times mean nothing."""

from __future__ import annotations

import shutil
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

from bench.conformance.jobs import Unavailable, installed
from edgekd.files import replacing_folder, write_text

QEMU = "qemu-aarch64-static"
CORE = "cortex-a76"  # qemu's default, "max", gives wrong int8 results without an error
PACKAGES = ("numpy", "ai-edge-litert", "onnxruntime", "flatbuffers")
_PLATFORMS = tuple(f"manylinux{of}_aarch64" for of in ("_2_28", "_2_27", "_2_17", "2014"))

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


def python(cache: Path, source: Path) -> tuple[str, ...]:
    """The command that starts the ARM Python, with this project's source in its path.

    Its packages have the versions of those installed here. The first call takes minutes.

    Raises:
        Unavailable: a tool is missing.
    """
    if not shutil.which(QEMU):
        raise Unavailable(f"there is no {QEMU}", fix="apt-get install qemu-user-static")
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise Unavailable("the ARM Python comes from Debian's packages", expected="a Debian or Ubuntu system")
    wanted = [f"{package}=={version(package)}" for package in PACKAGES]
    folder = cache / "-".join(["arm", *(version(package) for package in PACKAGES)])
    if not folder.exists():
        with replacing_folder(folder) as fresh:
            _unpack_debian(fresh)
            _unpack_wheels(fresh, [*wanted, "backports.strenum"])
            cores = [_CPUINFO.format(number=number, features=_FEATURES) for number in range(2)]
            write_text(fresh / "root" / "proc" / "cpuinfo", "".join(cores))
    root = folder / "root"
    options = {"PYTHONPATH": f"{folder / 'site'}:{source}", "PYTHONHOME": str(root / "usr")}
    settings = [word for name, value in options.items() for word in ("-E", f"{name}={value}")]
    return (QEMU, "-cpu", CORE, "-L", str(root), *settings, str(_interpreter(root)))


def _unpack_debian(folder: Path) -> None:
    """Debian's arm64 Python, unpacked and never installed."""
    for name in ("lists/partial", "deb/partial", "root/proc"):
        (folder / name).mkdir(parents=True)
    apt = [
        "apt-get", "-qq", "-oAPT::Architecture=arm64", "-oAPT::Architectures=arm64",
        f"-oDir::State::Lists={folder / 'lists'}", "-oDir::State::status=/dev/null",
        f"-oDir::Cache::archives={folder / 'deb'}",
    ]  # fmt: skip
    installed([*apt, "update"])
    installed([*apt, "install", "-y", "-d", "--no-install-recommends", "python3", "libstdc++6"])
    for package in (folder / "deb").glob("*.deb"):
        installed(["dpkg", "-x", str(package), str(folder / "root")])


def _unpack_wheels(folder: Path, packages: list[str]) -> None:
    of_python = _interpreter(folder / "root").name.removeprefix("python")
    installed(
        [
            *(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"),
            *("--implementation", "cp", "--python-version", of_python, "-d", str(folder / "wheels")),
            *(f"--platform={platform}" for platform in _PLATFORMS),
            *packages,
        ]
    )
    for wheel in (folder / "wheels").glob("*.whl"):
        with zipfile.ZipFile(wheel) as content:
            content.extractall(folder / "site")


def _interpreter(root: Path) -> Path:
    """The Python that Debian's `python3` depends on, such as python3.11."""
    programs = sorted((root / "usr" / "bin").glob("python3.*"))
    return next(path for path in programs if path.suffix[1:].isdigit())
