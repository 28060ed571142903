"""edgekd.json comes from anywhere: whatever stands in it, the answer is a Manifest or a BundleError."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekd.errors import BundleError
from edgekd.runtime.manifest import Manifest, OutOfScopeRule

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.text("\ud800\0/.\\ax", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
"""Any JSON, with the numbers and the strings that Python's reader lets through."""

quickly = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def folder(bundle_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(bundle_folder, tmp_path / "bundle", ignore=shutil.ignore_patterns("saved"))


def content_of(bundle_folder: Path) -> dict[str, Any]:
    content = json.loads((bundle_folder / "edgekd.json").read_text("utf-8"))
    return content | {
        "out_of_scope": {"label": "words", "threshold": 0.3},
        "checksums": {"golden.jsonl": "0"},
    }


def read(folder: Path, content: object) -> Manifest:
    (folder / "edgekd.json").write_text(json.dumps(content), "utf-8")
    return Manifest.read(folder)


def places(content: object, path: tuple = ()) -> list[tuple]:
    """The paths of everything in nested JSON."""
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content if isinstance(content, list) else ())
    )
    return [path, *(place for key, value in items for place in places(value, (*path, key)))]


@quickly
@given(data=st.data())
def test_any_change_is_read_or_refused(folder: Path, bundle_folder: Path, data: st.DataObject) -> None:
    content = copy.deepcopy(content_of(bundle_folder))
    *parents, last = data.draw(st.sampled_from([place for place in places(content) if place]))
    part = content
    for key in parents:
        part = part[key]
    if data.draw(st.booleans()):
        part[last] = data.draw(ANY)
    elif isinstance(part, dict):
        part[data.draw(st.text(max_size=6) | st.just("../x"))] = part.pop(last)
    try:
        manifest = read(folder, content)
    except BundleError:
        return
    assert all(file.path.parent == folder for file in manifest.files.values())


@quickly
@given(content=ANY)
def test_any_json_is_refused(folder: Path, content: object) -> None:
    with pytest.raises(BundleError):
        read(folder, content)


@quickly
@given(content=st.binary(max_size=60))
def test_any_bytes_are_refused(folder: Path, content: bytes) -> None:
    (folder / "edgekd.json").write_bytes(content)
    with pytest.raises(BundleError):
        Manifest.read(folder)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"format": "edgekd-bundle", "format_version": ' + "9" * 5000 + "}"]
)
def test_json_that_breaks_readers(folder: Path, text: str) -> None:
    (folder / "edgekd.json").write_text(text)
    with pytest.raises(BundleError):
        Manifest.read(folder)


@pytest.mark.parametrize(
    "name",
    [
        "../model.tflite",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b",
        "a\\b",
        "C:\\model",
        "a\0b",
        "\ud800",
        ".hidden",
        "linked",
    ],
)
@pytest.mark.parametrize("place", ["files", "checksums"])
def test_a_file_outside_the_folder_is_refused(folder: Path, name: str, place: str) -> None:
    (folder / "linked").symlink_to(folder.parent / "elsewhere")
    content = content_of(folder)
    content[place] = {name: next(iter(content[place].values()))}
    with pytest.raises(BundleError, match="not in the bundle's folder"):
        read(folder, content)


def test_the_out_of_scope_rule(folder: Path) -> None:
    content = content_of(folder)
    assert read(folder, content).out_of_scope == OutOfScopeRule(1, 0.3)
    content["out_of_scope"]["label"] = None
    assert read(folder, content).out_of_scope == OutOfScopeRule(None, 0.3)
    content["out_of_scope"]["label"] = "poetry"
    with pytest.raises(BundleError, match="out-of-scope label"):
        read(folder, content)
    del content["out_of_scope"]
    assert read(folder, content).out_of_scope is None


def test_a_newer_version_says_what_to_do(folder: Path) -> None:
    with pytest.raises(BundleError, match="format version 2(.|\n)*pip install --upgrade edgekd"):
        read(folder, content_of(folder) | {"format_version": 2})
