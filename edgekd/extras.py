"""Optional dependencies, imported when they are needed and explained when they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from edgekd.errors import MissingExtraError


def require(module: str, extra: str) -> ModuleType:
    """Import `module`, or say which `pip install` brings it.

    Args:
        module: dotted name of what is to be imported.
        extra: the extra of edgekd that installs it ("train", "teachers", "export", ...).
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if error.name and not module.startswith(error.name.split(".")[0]):
            raise
        raise MissingExtraError(
            f"this needs the Python package {module.split('.')[0]!r}, which is not installed",
            expected=f"edgekd with the extra {extra!r}",
            fix=f"pip install 'edgekd[{extra}]'",
        ) from error
