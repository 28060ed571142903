"""The store where recipes find pre-trained students by name."""

from __future__ import annotations

from pathlib import Path

from edgekd.files import user_data

CARD = "pretrained.json"
"""The file that a finished one has."""


def store() -> Path:
    """The folder of those that have names."""
    return user_data() / "pretrained"


def names() -> list[str]:
    """Of the pre-trained students in the store."""
    return [card.parent.name for card in store().glob(f"*/{CARD}")]
