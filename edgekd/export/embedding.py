"""The table of vectors of a student that reads word pieces, as its files hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgekd.quantize.schemes import Scheme
from edgekd.students.student import Student


@dataclass(frozen=True)
class Embedding:
    """A row for each number of `text.word_pieces`.

    Attributes:
        values: (rows, width), float32, or integers of 16 or 8 bits.
        scales: float32 (rows, 1), by which integers are multiplied; else None.
    """

    values: NDArray[np.float32] | NDArray[np.int16] | NDArray[np.int8]
    scales: NDArray[np.float32] | None

    def vectors(self, numbers: NDArray[np.int32]) -> NDArray[np.float32]:
        """Of each number, (numbers, width): what graphs compute, bit by bit."""
        rows = self.values[numbers].astype(np.float32)
        return rows if self.scales is None else rows * self.scales[numbers]


def embedding_of(student: Student, scheme: Scheme) -> Embedding | None:
    """The table in the bits of a scheme, with a scale a row; None for a student that reads the projection.

    TFLite looks up integers of 16 and 8 bits, but neither float16 nor 4 bits, for which there are 8.
    """
    if not student.config.reads_pieces:
        return None
    table = student.network.get_layer("embedding").embeddings.numpy()
    if scheme.weight_bits == 32:
        return Embedding(table, None)
    integers = np.int16 if scheme.weight_bits == 16 else np.int8
    largest = np.abs(table).max(axis=1, keepdims=True)
    scales = np.maximum(largest, np.finfo(np.float32).tiny) / np.iinfo(integers).max
    return Embedding(np.rint(table / scales).astype(integers), scales.astype(np.float32))


def features_of(student: Student) -> int:
    """The width of what the first dense layer sees of a token."""
    return student.config.embedding if student.config.reads_pieces else student.front_end.features
