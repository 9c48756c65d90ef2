"""The scores of all classes, of the rows that have them."""

from __future__ import annotations

from collections import deque

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray


class ClassScores:
    """Matrices of scores, each with the number of its first row; numbers only grow."""

    def __init__(self) -> None:
        self._parts: deque[tuple[int, FloatArray]] = deque()

    @property
    def nbytes(self) -> int:
        """The memory of all matrices."""
        return sum(matrix.nbytes for _, matrix in self._parts)

    def append(self, first: int, matrix: FloatArray) -> None:
        """Add the scores (n, C) of the rows from ``first`` on."""
        self._parts.append((first, matrix))

    def get(self, rows: IntArray) -> FloatArray | None:
        """The scores of rows of one reference, NaN where there are none; ``None``: none has."""
        if not self._parts:
            return None
        starts = np.array([start for start, _ in self._parts])
        place = np.maximum(starts.searchsorted(rows, side="right") - 1, 0)
        found: list[tuple[IntArray, FloatArray]] = []
        for at in np.unique(place).tolist():
            start, matrix = self._parts[at]
            inside = np.flatnonzero((place == at) & (rows >= start) & (rows < start + len(matrix)))
            if len(inside):
                found.append((inside, matrix[rows[inside] - start]))
        if not found:
            return None
        scores = np.full((len(rows), max(part.shape[1] for _, part in found)), np.nan)
        for inside, part in found:
            scores[inside, : part.shape[1]] = part
        return scores

    def drop(self, below: int) -> None:
        """Forget the matrices whose rows are all below a number."""
        while self._parts and self._parts[0][0] + len(self._parts[0][1]) <= below:
            self._parts.popleft()
