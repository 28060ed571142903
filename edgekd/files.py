"""Writing files so that an interruption or a full disk leaves the old content or the new, never half."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edgekd.errors import EdgekdError, UsageError


def user_cache() -> Path:
    """The folder for what is fetched or built once; it may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgekd"


def user_data() -> Path:
    """The folder for what the user keeps by name: `$XDG_DATA_HOME/edgekd`."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "edgekd"


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, on failure it goes.

    The temporary name keeps the suffix of `path`, for writers that choose a format by it.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path` in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | os.PathLike[str], content: str) -> None:
    """Write `content` to `path` as UTF-8 in one step."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write `content` to `path` as indented JSON in one step."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def read_json(path: str | os.PathLike[str], error: Callable[..., EdgekdError]) -> Any:
    """Read a JSON file, or raise `error` with the reason."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise error(f"there is no file {path}") from None
    except (OSError, ValueError, RecursionError) as reason:
        raise error(f"{path} is not readable JSON: {reason}", expected="a file that edgekd wrote") from None


def read_yaml(path: str | os.PathLike[str], what: str, expected: str = "YAML") -> Any:
    """Read YAML (or JSON, which is YAML), or raise UsageError: `what` it is, and what is `expected`."""
    from edgekd.extras import require  # not with the others: the benchmark's runner is sent without it

    yaml = require("yaml", "train")
    try:
        return yaml.safe_load(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no {what} {path}", expected=expected) from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as reason:
        raise UsageError(f"{path} is not a readable {what}: {reason}", expected=expected) from None


def sha256(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike[str], keep: str = "") -> Iterator[Path]:
    """Yield an empty folder beside `path`; on success it takes the place of `path`, on failure it goes.

    A kill between the renames that this takes leaves the old folder under a temporary name; the next call
    puts it back first.

    Args:
        path: the folder.
        keep: something in it that the new one takes over, if it is there.
    """
    path = Path(path).absolute()
    fresh, old = (path.with_name(f".{path.name}.{kind}") for kind in ("new", "old"))

    def take_over() -> None:
        if keep and (old / keep).exists() and not (path / keep).exists():
            (old / keep).rename(path / keep)

    try:
        if old.exists() and not path.exists():
            old.rename(path)
        take_over()
        for left_over in (fresh, old):
            shutil.rmtree(left_over, ignore_errors=True)
        fresh.mkdir(parents=True)
        yield fresh
        if path.exists():
            path.rename(old)
        fresh.rename(path)
        take_over()
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _cannot_write(path: Path, error: OSError) -> EdgekdError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EdgekdError(
            f"no space left on the disk while writing {path}",
            expected="room for the file; what was finished before it is kept",
            fix="free some space and run the same command again: it goes on where it stopped",
        )
    return EdgekdError(
        f"cannot write {path}: {error.strerror or error}",
        fix="check that the folder exists and may be written to",
    )
