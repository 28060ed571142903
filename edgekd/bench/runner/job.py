"""What a runner is asked to do, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from edgekd.bench.runner.measure import Rules


@dataclass(frozen=True)
class Job:
    """Run one bundle on texts.

    Attributes:
        bundle: its folder, seen from where the runner works.
        runtime: "auto", "all", or a runtime's name.
        threads: of the runtime; each number is timed.
        texts: to be labelled, for the quality.
        timed: to be timed, as `draw_texts` gives them.
        rules: how long to time; None where times mean nothing, as in an emulator.
        teacher: timed beside the bundle, as for `load_teacher`; only where all of edgekd is installed.
        profile: find out which ops take the time, in LiteRT; takes some seconds.
        python: the command that starts this Python.
    """

    bundle: str
    runtime: str = "auto"
    threads: tuple[int, ...] = (1,)
    texts: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()
    rules: Rules | None = field(default_factory=Rules)
    teacher: str | None = None
    profile: bool = False
    python: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Job:
        """What `to_json` gave."""
        tuples = {name: tuple(values[name]) for name in ("threads", "texts", "timed", "python")}
        rules = values["rules"] and Rules(**values["rules"])
        return cls(**{**values, **tuples, "rules": rules})
