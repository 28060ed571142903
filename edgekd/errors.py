"""The errors edgekd raises, and the exit code each becomes on the command line.

EdgekdError            1  could not do it
|- DataError              a data set, a file or a column is not what it should be
|- LabelError             label sets disagree (data, teacher, student)
|- TeacherError           a teacher cannot be loaded, trained or run
|- RunError               a run folder cannot be started, resumed or read
|- ExportError            a graph cannot be exported
|  |- ParityError         an exported file disagrees with the model it came from
|  `- AuditError          an exported file holds something that is not a builtin op
|- BundleError            a bundle cannot be read or run
|- ClusterError           a cluster to work on cannot be reached, or was lost
|- TargetError            a machine to measure on cannot be reached, or does not do its job
|- MissingExtraError      an optional dependency is not installed
|- UsageError          2  the command or the recipe is wrong
`- GateFailed          3  the student did not keep enough of its teacher
"""

from __future__ import annotations

__all__ = [
    "AuditError",
    "BundleError",
    "ClusterError",
    "DataError",
    "EdgekdError",
    "ExportError",
    "GateFailed",
    "LabelError",
    "MissingExtraError",
    "ParityError",
    "RunError",
    "TargetError",
    "TeacherError",
    "UsageError",
]


class EdgekdError(Exception):
    """What was given, what was expected, and what to do about it.

    Args:
        given: one sentence on what was found, with the file, line or value.
        expected: what would have been right.
        fix: what the reader can do now, a command where there is one.
    """

    exit_code = 1

    def __init__(self, given: str, *, expected: str = "", fix: str = "") -> None:
        self.given, self.expected, self.fix = given, expected, fix
        lines = [given]
        if expected:
            lines.append(f"expected: {expected}")
        if fix:
            lines.append(f"to fix: {fix}")
        super().__init__("\n".join(lines))


class DataError(EdgekdError):
    """A data set, a file or a column is not what it should be."""


class LabelError(EdgekdError):
    """The label sets of data, teacher and student disagree."""


class TeacherError(EdgekdError):
    """A teacher cannot be loaded, trained or run."""


class RunError(EdgekdError):
    """A run folder cannot be started, resumed or read."""


class ExportError(EdgekdError):
    """A graph cannot be exported."""


class ParityError(ExportError):
    """An exported file disagrees with the model it came from."""


class AuditError(ExportError):
    """An exported file holds something that is not a builtin op."""


class BundleError(EdgekdError):
    """A bundle cannot be read or run."""


class ClusterError(EdgekdError):
    """A cluster to work on cannot be reached, or was lost."""


class TargetError(EdgekdError):
    """A machine to measure on cannot be reached, or does not do its job."""


class MissingExtraError(EdgekdError):
    """An optional dependency is not installed."""


class UsageError(EdgekdError):
    """The command or the recipe is wrong."""

    exit_code = 2


class GateFailed(EdgekdError):
    """The student did not keep enough of its teacher's quality."""

    exit_code = 3
