from __future__ import annotations

from pathlib import Path

import pytest

from edgekd.bench.targets.choose import choose_targets, parse_target
from edgekd.errors import UsageError


def test_this_machine_where_none_is_named() -> None:
    [target] = choose_targets([], None)
    assert (target.name, target.kind) == ("local", "local")


def test_by_name_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "benchmark_model").touch()
    path = tmp_path / "targets.yaml"
    path.write_text(
        f"""targets:
  - qemu-aarch64
  - url: ssh://pi@raspberrypi:2222
    name: Raspberry Pi 5
    python: /usr/bin/python3.11
    folder: /mnt/ssd
    config: ~/pi
  - url: adb://R58M
    benchmark: {tmp_path}/benchmark_model
    cpus: f0
  - {{url: local, name: here}}
""",
        "utf-8",
    )
    targets = choose_targets(["local"], path)
    assert [(one.name, one.kind) for one in targets] == [
        ("local", "local"),
        ("qemu-aarch64", "qemu"),
        ("Raspberry Pi 5", "ssh"),
        ("adb://R58M", "adb"),
        ("here", "local"),
    ]
    pi = targets[2]
    assert (pi.address, pi.port, pi.python, pi.folder) == (
        "pi@raspberrypi",
        2222,
        "/usr/bin/python3.11",
        "/mnt/ssd",
    )
    assert pi.config == Path.home() / "pi"
    assert targets[3].cpus == "f0"


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two targets 'local'"):
        choose_targets(["local", "local"], None)


@pytest.mark.parametrize("url", ["", "pi", "http://pi", "ssh:pi", "local://", "qemu"])
def test_what_is_no_target(url: str) -> None:
    with pytest.raises(UsageError, match="there is no target"):
        parse_target(url)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file of targets"),
        ("targets: [", "is not a readable file of targets"),
        ("", "holds no targets"),
        ("targets: {}", "holds no targets"),
        ("targets: []", "holds no targets"),
        ("[local]", "holds no targets"),
        ("targets: [7]", "holds a target 7"),
        ("targets: [{name: pi}]", "holds a target"),
        ("targets: [{url: 'ssh://pi', key: x}]", "has a setting 'key'"),
        ("targets: [{url: 'ssh://pi', python: [x]}]", r"has the python \['x'\]"),
        ("targets: [{url: local, python: x}]", "has a setting 'python'"),
        ("targets: [{url: 'adb://x'}]", "has no benchmark binary"),
        ("targets: [!!python/object/apply:os.system ['touch harm']]", "is not a readable file of targets"),
    ],
)
def test_what_is_no_file_of_targets(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "targets.yaml"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=message):
        choose_targets([], path)
