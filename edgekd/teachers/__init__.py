"""Teachers: transformers fine-tuned here or brought along, ensembles, stored logits, the soft-label store.

`load_teacher` imports what a source needs and no more, so that importing this package costs nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from edgekd.teachers.teacher import SoftLabels, Teacher

__all__ = ["SoftLabels", "Teacher", "load_teacher"]


def load_teacher(source: str | os.PathLike[str]) -> Teacher:
    """The teacher behind `source`.

    Args:
        source: a folder that `edgekd teach` wrote; a folder or hub name of a transformers model for sequence
            or token classification; a Parquet file of stored logits; or several of these joined by "+",
            whose logits are averaged.

    Raises:
        TeacherError: there is no such teacher, it cannot be loaded safely, or it has no usable labels.
        MissingExtraError: PyTorch, transformers or pyarrow is needed and not installed.
    """
    source = os.fspath(source)
    path = Path(source)
    if "+" in source and not path.exists():
        from edgekd.teachers.ensemble import Ensemble

        return Ensemble([load_teacher(part.strip()) for part in source.split("+")])
    if path.suffix == ".parquet":
        from edgekd.teachers.stored import StoredTeacher

        return StoredTeacher(path)
    if (path / "edgekd_teacher.json").exists():
        from edgekd.teachers.encoder import load_encoder_teacher

        return load_encoder_teacher(path)
    from edgekd.teachers.transformers_model import load_transformers_teacher

    return load_transformers_teacher(source)
