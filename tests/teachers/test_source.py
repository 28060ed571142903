"""Sources of transformers models that are refused before they are loaded, and what is said of the others."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from edgekd.errors import TeacherError
from edgekd.teachers.source import not_loaded, require_loadable


@pytest.mark.parametrize(
    "source", ["teacher/", "./teacher", "../teacher", "/a/teacher", "a/b/c", "my teacher"]
)
def test_a_path_without_a_folder(source):
    with pytest.raises(TeacherError) as caught:
        require_loadable(source, "a model")
    assert str(caught.value).startswith(f"there is no folder {source}")
    assert caught.value.expected == "a model"


@pytest.mark.parametrize("source", ["bert-base-multilingual-cased", "sentence-transformers/all-MiniLM-L6-v2"])
def test_a_name_may_be_on_the_hub(source):
    require_loadable(source, "a model")
    assert "is no folder, and the hub" in not_loaded(source, "a model", OSError("no route\nmore"))


def test_a_folder_is_judged_by_its_files(tmp_path):
    with pytest.raises(TeacherError, match="holds no weights"):
        require_loadable(str(tmp_path), "a model")
    (tmp_path / "pytorch_model.bin").write_bytes(b"weights")
    with pytest.raises(TeacherError, match=r"as a pickle only \(pytorch_model.bin\)"):
        require_loadable(str(tmp_path), "a model")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    require_loadable(str(tmp_path), "a model")
    said = not_loaded(str(tmp_path), "an encoder", ValueError("a bad\nheader"))
    assert said == f"{tmp_path} cannot be loaded as an encoder: a bad"
