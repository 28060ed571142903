"""What all settings have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Settings that do not change, and that know no field but their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def by_name(field: str) -> Callable[[Any], Any]:
    """Before validation: in a mapping of settings by name, `field` is the name where nothing else is said.

    What is null is left out, so that a recipe can take away what it was given.
    """

    def named(content: Any) -> Any:
        if not isinstance(content, Mapping):
            return content
        return {
            name: {field: name, **settings} if isinstance(settings, Mapping) else settings
            for name, settings in content.items()
            if settings is not None
        }

    return named
