"""Files are whole or not there, and a full disk is explained."""

import errno
import os

import pytest

from edgekd.errors import BundleError, EdgekdError
from edgekd.files import read_json, replacing, replacing_folder, sha256, write_json, write_text


def test_written_and_read_back(tmp_path):
    write_json(tmp_path / "deep" / "a.json", {"ü": [1, None]})
    assert read_json(tmp_path / "deep" / "a.json", BundleError) == {"ü": [1, None]}
    assert "ü" in (tmp_path / "deep" / "a.json").read_text("utf-8")


def test_a_failure_keeps_the_old_content_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_explained(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EdgekdError, match="no space left") as caught:
        write_text(tmp_path / "a.txt", "new")
    assert "a.txt" in caught.value.given
    assert "free some space" in caught.value.fix
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_folder_that_cannot_be_made_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgekdError, match="cannot write"):
        write_text(tmp_path / "file" / "a.txt", "new")


def test_a_folder_is_replaced_but_for_what_is_kept(tmp_path):
    folder = tmp_path / "folder"
    write_text(folder / "old.txt", "old")
    write_text(folder / "mine" / "a.txt", "mine")
    with replacing_folder(folder, keep="mine") as fresh:
        write_text(fresh / "new.txt", "new")
    assert sorted(path.name for path in folder.iterdir()) == ["mine", "new.txt"]
    assert (folder / "mine" / "a.txt").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("renames", [1, 2])
def test_what_is_kept_survives_a_kill_between_the_renames(tmp_path, renames):
    folder, old = tmp_path / "folder", tmp_path / ".folder.old"
    write_text(old / "mine" / "a.txt", "mine")
    if renames == 2:
        write_text(folder / "new.txt", "new")
    with replacing_folder(folder, keep="mine") as fresh:
        write_text(fresh / "newer.txt", "newer")
    assert sorted(path.name for path in folder.iterdir()) == ["mine", "newer.txt"]
    assert (folder / "mine" / "a.txt").read_text() == "mine"


@pytest.mark.parametrize("content", [None, "{", "\xff"])
def test_unreadable_json_raises_the_given_error(tmp_path, content):
    if content is not None:
        (tmp_path / "a.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(BundleError, match=r"a\.json"):
        read_json(tmp_path / "a.json", BundleError)


def test_sha256_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
