"""Teachers: transformers fine-tuned here or brought along, students, ensembles, stored logits, their store.

`load_teacher` imports what a source needs and no more, so that importing this package costs nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from edgekd.errors import TeacherError
from edgekd.extras import require
from edgekd.teachers.teacher import SoftLabels, Teacher

__all__ = ["SoftLabels", "Teacher", "load_teacher"]

SHARDS = "labels-*.parquet"
"""The files of a store of soft labels (`edgekd.teachers.store`)."""


def load_teacher(source: str | os.PathLike[str], precision: str = "float32") -> Teacher:
    """The teacher behind `source`.

    Args:
        source: a folder that `edgekd teach` wrote; the folder of a finished run, whose student it is; a
            folder or hub name of a transformers model for sequence or token classification; stored logits, in
            a Parquet file or in the folder that `edgekd label` wrote; or several of these joined by "+", each
            with its languages and a mapping of its labels if needed (`edgekd.teachers.ensemble`).
        precision: of networks: float32, bf16, or auto, which is bf16 where that is far faster
            (`edgekd.teachers.precision`). Another precision is another fingerprint.

    Raises:
        TeacherError: there is no such teacher, it cannot be loaded safely, or it has no usable labels.
        UsageError: there is no such precision.
        RunError: the run's student cannot be read.
        LabelError: the labels of several teachers do not go together.
        MissingExtraError: a package that it needs is not installed.
    """
    from edgekd.teachers.ensemble import load_ensemble, spells_ensemble

    source = os.fspath(source)
    path = Path(source)
    if spells_ensemble(source):
        return load_ensemble(source, precision)
    if path.suffix == ".parquet" or any(path.glob(SHARDS)):
        from edgekd.teachers.stored import StoredTeacher

        return StoredTeacher(path)
    if (path / "edgekd_teacher.json").exists():
        from edgekd.teachers.encoder import load_encoder_teacher

        return load_encoder_teacher(path, precision)
    if (path / "student.keras").exists():
        require("tensorflow", "train")
        from edgekd.students.student import Student

        return Student.load(path)
    if (path / "recipe.yaml").exists():
        raise TeacherError(
            f"{path} holds a run without a finished student",
            expected="a finished run, whose student teaches",
            fix=f"finish it: edgekd distill --resume {path}",
        )
    from edgekd.teachers.transformers_model import load_transformers_teacher

    return load_transformers_teacher(source, precision)
