"""Samples beside a bundle: what is copied, what is kept, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edgekd.errors import BundleError, ExportError, UsageError
from edgekd.export.embed import embed, identifier, names, samples
from edgekd.files import replacing_folder, sha256


@pytest.fixture
def bundle(bundle_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    shutil.copytree(bundle_folder, folder)
    (folder / "golden.jsonl").write_text("{}\n", "utf-8")
    return folder


def describe(bundle: Path, **changes: object) -> None:
    path = bundle / "edgekd.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_every_sample_names_files_of_a_bundle_and_places_inside_itself() -> None:
    assert {"android", "ios", "python"} <= set(names())
    for sample in samples(names(), ("tflite", "onnx")):
        assert {"edgekd.json", "golden.jsonl"} <= set(sample.files)
        assert sample.formats
        assert all(".." not in Path(place).parts and place[0] != "/" for place in sample.files.values())
        assert (sample.folder / "README.md").exists()


def test_a_sample_with_the_bundle_inside(bundle: Path) -> None:
    [folder] = embed(bundle, ["python"])
    assert folder == bundle / "embed" / "python"
    for name in ("model.tflite", "edgekd.json", "golden.jsonl"):
        assert (folder / "bundle" / name).read_bytes() == (bundle / name).read_bytes()
    assert not (folder / "bundle" / "model.onnx").exists()
    assert "def decode" in (folder / "intents.py").read_text("utf-8")


def test_placeholders_become_the_name(bundle: Path) -> None:
    describe(bundle, name="Café 24/7 ☕")
    for folder in embed(bundle, names()):
        for path in filter(Path.is_file, folder.rglob("*")):
            assert b"__EDGEKD_NAME__" not in path.read_bytes(), path
    assert "cafe-24-7" in (bundle / "embed/android/settings.gradle.kts").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mtop6", "mtop6"),
        ("My Bundle_2", "my-bundle-2"),
        ("2fast", "fast"),
        ("音声", "student"),
        ("Ünï", "uni"),
    ],
)
def test_identifiers(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_embedding_again_renews_what_was_written_and_keeps_what_was_added(bundle: Path) -> None:
    [folder] = embed(bundle, ["python"])
    (folder / "mine.py").write_text("mine", "utf-8")
    (bundle / "golden.jsonl").write_text("{}\n{}\n", "utf-8")
    embed(bundle, ["python"])
    assert (folder / "bundle/golden.jsonl").read_text("utf-8") == "{}\n{}\n"
    assert (folder / "mine.py").read_text("utf-8") == "mine"


def test_a_file_that_a_sample_has_no_more_goes(bundle: Path) -> None:
    [folder] = embed(bundle, ["python"])
    gone = folder / "gone.py"
    gone.write_text("old", "utf-8")
    record = json.loads((folder / ".embedded.json").read_text("utf-8"))
    (folder / ".embedded.json").write_text(json.dumps(record | {"gone.py": sha256(gone)}), "utf-8")
    embed(bundle, ["python"])
    assert not gone.exists()


def test_changes_are_not_overwritten(bundle: Path) -> None:
    [folder] = embed(bundle, ["python"])
    (folder / "intents.py").write_text("changed", "utf-8")
    (bundle / "golden.jsonl").write_text("{}\n{}\n", "utf-8")
    with pytest.raises(ExportError, match=r"not as it was written: intents\.py"):
        embed(bundle, ["python"])
    assert (folder / "intents.py").read_text("utf-8") == "changed"
    assert (folder / "bundle/golden.jsonl").read_text("utf-8") == "{}\n"


def test_a_folder_of_the_user_is_not_overwritten(bundle: Path) -> None:
    mine = bundle / "embed" / "python" / "README.md"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")
    with pytest.raises(ExportError, match=r"README\.md"):
        embed(bundle, ["python"])
    assert [path.name for path in mine.parent.iterdir()] == ["README.md"]


def test_a_run_that_was_cut_off_can_be_repeated(bundle: Path) -> None:
    [folder] = embed(bundle, ["python"])
    (folder / ".embedded.json").unlink()
    (folder / "intents.py").unlink()
    embed(bundle, ["python"])
    assert (folder / "intents.py").exists()


def test_exporting_again_keeps_the_samples(bundle: Path) -> None:
    [folder] = embed(bundle, ["python"])
    with replacing_folder(bundle, keep="embed") as fresh:
        (fresh / "edgekd.json").write_text("new", "utf-8")
    assert (bundle / "edgekd.json").read_text("utf-8") == "new"
    assert (folder / "intents.py").exists()
    assert not (bundle / "model.onnx").exists()


def test_what_cannot_be_embedded(bundle: Path) -> None:
    with pytest.raises(UsageError, match="there is no sample basic"):
        embed(bundle, ["python", "basic"])
    content = json.loads((bundle / "edgekd.json").read_text("utf-8"))
    describe(bundle, files={"model.onnx": content["files"]["model.onnx"]})
    with pytest.raises(UsageError, match="reads a tflite file, which the bundle lacks") as error:
        embed(bundle, ["python"])
    assert "--formats onnx,tflite" in error.value.fix
    assert not (bundle / "embed").exists()


@pytest.mark.parametrize("name", ["golden.jsonl", "model.tflite"])
def test_an_incomplete_bundle(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        embed(bundle, ["python"])
    assert not (bundle / "embed").exists()


def test_a_damaged_model(bundle: Path) -> None:
    (bundle / "model.tflite").write_bytes(b"damaged")
    with pytest.raises(BundleError, match="damaged"):
        embed(bundle, ["python"])
