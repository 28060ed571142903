"""Targets by their names, one by one or from a file.

    local                       this machine
    ssh://[USER@]HOST[:PORT]    a machine with Python, reached by `ssh`
    qemu-aarch64                an emulated ARM core
    adb://SERIAL                a phone; from a file of targets, which names LiteRT's benchmark binary

A file of targets is YAML:

    targets:
      - local
      - url: ssh://pi@raspberrypi
        name: Raspberry Pi 5
        python: /usr/bin/python3.11
      - url: adb://R58M123ABC
        benchmark: ~/Downloads/android_aarch64_benchmark_model
        cpus: f0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgekd.bench.targets.adb import AdbTarget
from edgekd.bench.targets.local import LocalTarget
from edgekd.bench.targets.qemu import QemuTarget
from edgekd.bench.targets.ssh import SshTarget
from edgekd.bench.targets.target import Target
from edgekd.errors import UsageError
from edgekd.files import read_yaml

_EXPECTED = "local, ssh://[USER@]HOST[:PORT], qemu-aarch64 or adb://SERIAL"


def choose_targets(urls: Sequence[str], file: Path | None) -> tuple[Target, ...]:
    """The targets of a command line; this machine where none is named.

    Raises:
        UsageError: one cannot be understood, or two have the same name.
    """
    targets = [parse_target(url) for url in urls] + (read_targets(file) if file else [])
    targets = targets or [LocalTarget()]
    names = [target.name for target in targets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"there are two targets {twice[0]!r}", expected="a `name` of its own for each")
    return tuple(targets)


def parse_target(url: str, settings: Mapping[str, Any] | None = None) -> Target:
    """A target by its url, with what a file of targets says of it beside.

    Raises:
        UsageError: there is no such kind of target, or a setting is not one of its own.
    """
    settings = dict(settings or {})
    scheme, there, _ = url.partition("://")
    if there and scheme == "ssh":
        return SshTarget.parse(url, **_checked(url, settings, SSH))
    if there and scheme == "adb":
        return AdbTarget.parse(url, **_checked(url, settings, ADB))
    for name, make in (("local", LocalTarget), ("qemu-aarch64", QemuTarget)):
        if url == name:
            return make(**_checked(url, settings, {"name": str}))
    raise UsageError(f"there is no target {url!r}", expected=_EXPECTED)


def _path(value: Any) -> Path:
    return Path(str(value)).expanduser()


SSH: Mapping[str, Callable[[Any], Any]] = {"name": str, "python": str, "folder": str, "config": _path}
ADB: Mapping[str, Callable[[Any], Any]] = {"name": str, "benchmark": _path, "cpus": str}
"""The settings of a kind of target, and what makes their values."""


def _checked(
    url: str, settings: Mapping[str, Any], known: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    for name, value in settings.items():
        if name not in known:
            raise UsageError(f"{url} has a setting {name!r}", expected=f"url, {', '.join(known)}")
        if not isinstance(value, str | int):
            raise UsageError(f"{url} has the {name} {value!r}", expected="one word or path")
    return {name: known[name](value) for name, value in settings.items()}


def read_targets(path: Path) -> list[Target]:
    """The targets of a file.

    Raises:
        UsageError: it cannot be read, or does not hold what the module describes.
    """
    expected = "YAML with a list `targets:`, each a url or an object with a `url`"
    content = read_yaml(path, "file of targets", expected)
    listed = content.get("targets") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not listed:
        raise UsageError(f"{path} holds no targets", expected=expected)
    targets = []
    for one in listed:
        settings = {"url": one} if isinstance(one, str) else one
        if not isinstance(settings, dict) or not isinstance(settings.get("url"), str):
            raise UsageError(f"{path} holds a target {one!r}", expected=expected)
        targets.append(parse_target(settings["url"], {k: v for k, v in settings.items() if k != "url"}))
    return targets
