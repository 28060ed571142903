"""export/ios without a Swift compiler: every file parses, and reads fields that bundles have.

This is not a build; the sample's README says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgekd.export.embed import SAMPLES, embed
from edgekd.runtime.manifest import FORMAT, FORMAT_VERSION

if TYPE_CHECKING:
    from tree_sitter import Node

IOS = SAMPLES / "ios"


@pytest.fixture(scope="module")
def trees() -> dict[str, Node]:
    """The syntax tree of each file, by the file's name."""
    hint = "needs a grammar of Swift: pip install tree-sitter tree-sitter-swift"
    tree_sitter = pytest.importorskip("tree_sitter", reason=hint)
    swift = pytest.importorskip("tree_sitter_swift", reason=hint)
    parser = tree_sitter.Parser(tree_sitter.Language(swift.language()))
    return {path.name: parser.parse(path.read_bytes()).root_node for path in sorted(IOS.rglob("*.swift"))}


def test_every_file_parses(trees: dict[str, Node]) -> None:
    assert len(trees) >= 10
    assert not [name for name, tree in trees.items() if tree.has_error]


def test_the_grammar_refuses_what_is_not_swift(trees: dict[str, Node]) -> None:
    import tree_sitter
    import tree_sitter_swift

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_swift.language()))
    content = (IOS / "Sources/EdgekdIntents/Tags.swift").read_bytes()
    assert parser.parse(content.replace(b"-> [Int] {", b"-> [Int {", 1)).root_node.has_error


def coding_keys(tree: Node) -> Iterator[str]:
    """The JSON names in every enum CodingKeys below a node."""
    if tree.type == "enum_entry":
        text = tree.text.decode()
        raw = re.search(r'= "(\w+)"', text)
        yield from [raw.group(1)] if raw else re.findall(r"\w+", text.removeprefix("case"))
        return
    for child in tree.children:
        yield from coding_keys(child)


def test_fields_of_golden_vectors(trees: dict[str, Node], golden_bundle: Path) -> None:
    first = json.loads((golden_bundle / "golden.jsonl").read_text("utf-8").splitlines()[0])
    keys = set(coding_keys(trees["Golden.swift"]))
    assert keys == first.keys() - {"text", "stable"}


def test_fields_of_the_manifest(trees: dict[str, Node], golden_bundle: Path) -> None:
    manifest = json.loads((golden_bundle / "edgekd.json").read_text("utf-8"))
    keys = set(coding_keys(trees["Manifest.swift"]))
    assert {"format_version", "out_of_scope", "files"} <= keys <= manifest.keys()
    source = (IOS / "Sources/EdgekdIntents/Manifest.swift").read_text("utf-8")
    assert f'static let format = "{FORMAT}"' in source
    assert f"static let formatVersion = {FORMAT_VERSION}\n" in source


def test_the_bundle_lies_where_the_tests_look(golden_bundle: Path) -> None:
    [folder] = embed(golden_bundle, ["ios"])
    assert (
        '.appendingPathComponent("bundle")' in (folder / "Tests/EdgekdIntentsTests/Golden.swift").read_text()
    )
    assert (folder / "bundle/golden.jsonl").read_bytes() == (golden_bundle / "golden.jsonl").read_bytes()
