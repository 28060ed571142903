"""A machine with Python, reached by the system's `ssh`."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekd.bench.runner.job import Job
from edgekd.bench.targets.conversation import Conversation, Unstarted, agent_program, on
from edgekd.bench.targets.local import RUNNER
from edgekd.bench.targets.upload import CODE, JOB, SITE, write_all
from edgekd.bench.targets.wheels import Platform, missing_packages, site_of
from edgekd.errors import TargetError, UsageError
from edgekd.progress import Progress
from edgekd.runtime.manifest import Manifest

OLDEST_PYTHON = (3, 11)

_ADDRESS = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][\w.-]*)@)?"
    r"(?P<host>[A-Za-z0-9_][\w.-]*|\[[0-9A-Fa-f:.]+(?:%\w+)?\])(?::(?P<port>[0-9]{1,5}))?/?",
    re.ASCII,
)
# Never a question on the terminal; a host that is gone is noticed within half a minute.
_OPTIONS = {
    "BatchMode": "yes",
    "ConnectTimeout": "15",
    "ServerAliveInterval": "10",
    "ServerAliveCountMax": "3",
}
_REASONS: Mapping[str, tuple[str, str]] = {
    "REMOTE HOST IDENTIFICATION HAS CHANGED": (
        "the host key that ~/.ssh/known_hosts has for it",
        "find out why the key changed; if it was reinstalled: ssh-keygen -R {host}, then ssh {address}",
    ),
    "Host key verification failed": (
        "a host key that ~/.ssh/known_hosts knows",
        "ssh {address}, once, and compare the fingerprint it shows",
    ),
    "Permission denied": ("a key that the host accepts without a password", "ssh-copy-id {address}"),
    "Could not resolve": ("the name or address of a machine, or a Host of ~/.ssh/config", ""),
    "Connection refused": ("an SSH server on that port", "ssh://USER@HOST:PORT names another port"),
    "timed out": ("a machine that is on and can be reached", ""),
    "No route to host": ("a machine that is on and can be reached", ""),
}


@dataclass(frozen=True)
class SshTarget:
    """A machine with Python 3.11 or newer and glibc; what else it lacks is sent along.

    Attributes:
        address: [user@]host, as `ssh` takes it; its options come from ~/.ssh/config.
        port: None for what ~/.ssh/config says.
        python: the command there.
        folder: where the work folder is made there; the system's place for temporary files if None. In both,
            "~/" is the home there.
        config: another file than ~/.ssh/config.
    """

    name: str
    address: str
    port: int | None = None
    python: str = "python3"
    folder: str | None = None
    config: Path | None = None

    kind = "ssh"

    @classmethod
    def parse(cls, url: str, name: str | None = None, **settings: Any) -> SshTarget:
        """Of ssh://[user@]host[:port].

        Raises:
            UsageError: it is something else. Nothing but letters, digits, "_", "-" and "." may be in a name,
                so none is taken for an option or for a command.
        """
        found = _ADDRESS.fullmatch(url.removeprefix("ssh://"))
        port = int(found["port"]) if found and found["port"] else None
        if not found or (port is not None and not 0 < port < 65536):
            raise UsageError(
                f"{url!r} is not the address of a target",
                expected="ssh://[USER@]HOST[:PORT], the host as `ssh` knows it",
            )
        user = f"{found['user']}@" if found["user"] else ""
        return cls(name or url, user + found["host"].strip("[]"), port, **settings)

    def run(self, job: Job, progress: Progress) -> dict[str, Any]:
        """As `Target.run`."""
        if not shutil.which("ssh"):
            raise TargetError("there is no `ssh` on this machine", fix="apt-get install openssh-client")
        manifest = Manifest.read(Path(job.bundle))
        try:
            with Conversation(self.name, self._command()) as agent, tempfile.TemporaryFile() as tar:
                sites = self._sites(agent.hello, job.runtime, manifest)
                write_all(tar, job, sites)
                return agent.work(
                    tar,
                    ["{python}", "-m", RUNNER, JOB],
                    {"PYTHONPATH": f"{{folder}}/{CODE}:{{folder}}/{SITE}"},
                    parent=self.folder,
                    progress=on(self.name, progress),
                )
        except Unstarted as error:
            raise self._explained(error) from None

    def _command(self) -> list[str]:
        options = [word for name, value in _OPTIONS.items() for word in ("-o", f"{name}={value}")]
        if self.config:
            options += ["-F", str(self.config)]
        if self.port:
            options += ["-p", str(self.port)]
        # The other side's shell reads this once more, and knows its own home.
        home = "~/" if self.python.startswith("~/") else ""
        python = home + shlex.quote(self.python.removeprefix(home))
        remote = f"{python} -c {shlex.quote(agent_program())}"
        return ["ssh", "-T", *options, "--", self.address, remote]

    def _sites(self, hello: Mapping[str, Any], runtime: str, manifest: Manifest) -> list[Path]:
        """Folders with the packages that it lacks."""
        python = tuple(hello["python"])
        if python < OLDEST_PYTHON or hello["implementation"] != "cpython":
            raise TargetError(
                f"{self.name} has {hello['implementation']} {'.'.join(map(str, python))}",
                expected=f"CPython {'.'.join(map(str, OLDEST_PYTHON))} or newer",
                fix="name another by `python: /usr/bin/python3.11` in a file of targets",
            )
        packages = missing_packages(hello["packages"], runtime, manifest)
        if not packages:
            return []
        if hello["system"] != "Linux" or hello["libc"][0] != "glibc":
            raise TargetError(
                f"{self.name} has no {packages[0]}, and wheels can be sent to Linux with glibc only",
                expected=f"a runtime on the target ({hello['system']} {hello['libc'][0] or 'without glibc'})",
                fix=f"install {packages[0]} there",
            )
        glibc = int(hello["libc"][1].split(".")[1])
        return [site_of(packages, Platform(hello["machine"], glibc, python[:2]))]

    def _explained(self, error: Unstarted) -> TargetError:
        host = self.address.rpartition("@")[2]
        for words, (expected, fix) in _REASONS.items():
            if words in error.said:
                return TargetError(
                    f"{self.name} cannot be reached: {error.said.splitlines()[-1]}",
                    expected=expected,
                    fix=fix.format(host=host, address=self.address),
                )
        if error.code == 255:
            return TargetError(
                f"{self.name} cannot be reached: {error.said}", fix=f"see what `ssh {self.address}` says"
            )
        return TargetError(
            f"{self.name} cannot run {self.python}: {error.said or f'exit code {error.code}'}",
            expected=f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer there",
            fix="install it, or name it by `python: /usr/bin/python3.11` in a file of targets",
        )
