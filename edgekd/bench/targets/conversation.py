"""Talking with an agent: the host's side of what `agent.py` describes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import IO, Any

from edgekd.bench.targets.agent import MARK
from edgekd.errors import BundleError, TargetError
from edgekd.progress import Progress

_HEARTBEAT_SECONDS = 10.0
_GOODBYE_SECONDS = 20.0
_CHUNK = 1 << 20


def agent_program() -> str:
    """The agent's source, for `python3 -c`."""
    return files("edgekd.bench.targets").joinpath("agent.py").read_text("utf-8")


def on(name: str, progress: Progress) -> Progress:
    """A progress whose stages say where they are."""
    return lambda description, total: progress(f"{name}: {description}", total)


class Unstarted(TargetError):
    """The agent never said hello: exit code and last words of what should have started it."""

    def __init__(self, name: str, code: int, said: str) -> None:
        super().__init__(f"{name} does not answer (exit code {code}): {said or 'it said nothing'}")
        self.code, self.said = code, said


class Conversation:
    """One agent, from its hello to its end.

    with Conversation("pi", ["ssh", ...]) as agent:
        agent.hello
        findings = agent.work(tar, command, environment, progress=progress)

    Raises:
        Unstarted: no agent answered.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        # A session of its own: Ctrl-C is ours, and the agent cleans up when we hang up.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        self._others: deque[str] = deque(maxlen=20)
        self._ended = threading.Event()
        try:
            self.hello = self._greeted()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, and give the agent time to clean up."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def work(
        self,
        tar: IO[bytes],
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        parent: str | None = None,
        cwd: str | None = None,
        progress: Progress,
    ) -> dict[str, Any]:
        """Send the archive, run the command, and give its findings.

        Args:
            tar: an archive, from its beginning on.
            command: with "{python}" for the agent's own Python and "{folder}" for the work folder.
            environment: the same in its values.
            parent: where the work folder is made; the system's place for temporary files if None.
            cwd: where the command runs; the work folder if None.

        Raises:
            BundleError: the runner could not do its job.
            TargetError: it never ran, or was lost.
        """
        size = tar.seek(0, 2)
        tar.seek(0)
        wanted = {
            "bytes": size,
            "command": list(command),
            "environment": dict(environment),
            "parent": parent,
            "cwd": cwd,
        }
        with contextlib.suppress(BrokenPipeError):  # the agent says why
            self._send(json.dumps(wanted).encode("ascii") + b"\n")
            while chunk := tar.read(_CHUNK):
                self._send(chunk)
            threading.Thread(target=self._keep_alive, daemon=True).start()
        findings, refused = None, None
        with contextlib.ExitStack() as stage:
            advance = None
            for message in self._messages():
                if "stage" in message:
                    stage.close()
                    if message["stage"]:
                        advance = stage.enter_context(progress(message["stage"], message["total"]))
                elif "advance" in message and advance:
                    advance(message["advance"])
                elif "findings" in message:
                    findings = message["findings"]
                elif "error" in message:
                    refused = message["error"]
                elif "failed" in message:
                    raise TargetError(
                        f"{self._name} could not do the job: {message['failed']}",
                        expected="room for some megabytes in a folder that may be written to",
                        fix="free some space there, or name another `folder` for it in the file of targets",
                    )
                elif "ended" in message:
                    return self._outcome(findings, refused, message)
        raise TargetError(
            f"the connection to {self._name} was lost in mid-run: {self._said() or 'without a word'}",
            expected="a connection that lasts; what was sent there is removed when it ends",
            fix="run the same command again",
        )

    def _outcome(self, findings: Any, refused: Mapping[str, str] | None, ended: Mapping[str, Any]) -> Any:
        if refused:
            raise BundleError(
                f"{self._name}: {refused['given']}", expected=refused["expected"], fix=refused["fix"]
            )
        if findings is None:
            code = ended["ended"]
            cause = f"signal {-code}" if code < 0 else f"code {code}"
            raise TargetError(
                f"the runner on {self._name} ended with {cause}: {ended['stderr'].strip()[-500:]}",
                expected="a runtime that works there",
                fix="edgekd verify BUNDLE, there, says more",
            )
        return findings

    def _greeted(self) -> dict[str, Any]:
        for message in self._messages():
            if "hello" in message:
                return message["hello"]
        raise Unstarted(self._name, self._process.wait(), self._said())

    def _messages(self) -> Iterator[dict[str, Any]]:
        """What the agent says until it ends; other lines are kept for error messages."""
        for line in self._process.stdout:
            text = line.decode("utf-8", "replace")
            if text.startswith(MARK):
                yield json.loads(text[len(MARK) :])
            else:
                self._others.append(text)

    def _send(self, content: bytes) -> None:
        self._process.stdin.write(content)
        self._process.stdin.flush()

    def _keep_alive(self) -> None:
        """An agent that hears nothing for a minute gives up."""
        while not self._ended.wait(_HEARTBEAT_SECONDS):
            try:
                self._send(b"\n")
            except (OSError, ValueError):
                return

    def _said(self) -> str:
        """The end of what was written to stderr, or else of what is not the agent's on stdout."""
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip() or "".join(self._others).strip()
        return said[-2000:]
