"""Where a transformers model comes from: a folder, or a name on the hub."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub.utils import HFValidationError, validate_repo_id

from edgekd.errors import TeacherError
from edgekd.teachers.subwords import first_line


def require_loadable(source: str, expected: str) -> None:
    """Say what can be said before anything is loaded, or asked of the hub.

    Raises:
        TeacherError: it is a folder without weights, or with pickled ones alone; or neither a folder nor a
            name that the hub could have.
    """
    folder = Path(source)
    if not folder.is_dir():
        try:
            validate_repo_id(source)
        except HFValidationError as error:
            raise TeacherError(f"there is no folder {source}", expected=expected) from error
        return
    if any(folder.glob("*.safetensors")):
        return
    pickled = sorted(
        path.name for path in (*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.ckpt"))
    )
    if pickled:
        raise TeacherError(
            f"{source} has its weights as a pickle only ({pickled[0]}), which can run code when it is loaded",
            expected="model.safetensors",
            fix="where you trust the file: load it with transformers and call "
            f"`model.save_pretrained({source!r})`, which writes safetensors",
        )
    raise TeacherError(
        f"{source} holds no weights", expected="a folder with config.json and model.safetensors"
    )


def not_loaded(source: str, kind: str, error: Exception) -> str:
    """What to say of a model that transformers cannot load as what it should be, such as "an encoder"."""
    if Path(source).is_dir():
        return f"{source} cannot be loaded as {kind}: {first_line(error)}"
    return f"{source} is no folder, and the hub does not give {kind} of this name: {first_line(error)}"
