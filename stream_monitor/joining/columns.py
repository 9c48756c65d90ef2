"""Rows in growing arrays: appended at the end, dropped at the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream_monitor.statistics.arrays import IntArray


class RowStore:
    """Named columns of equal length; rows have numbers that never change.

    The first row is number 0, for ever: what :meth:`drop` takes away leaves a gap below
    :attr:`start`. Appending costs amortised O(1) a row, and arrays are never more than about
    twice as long as what they hold.
    """

    def __init__(self, kinds: Mapping[str, Any]) -> None:
        self.start = 0
        self.end = 0
        self._first = 0  # where in the arrays row ``start`` is
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.empty(_LEAST, dtype=kind) for name, kind in kinds.items()
        }

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def nbytes(self) -> int:
        """The memory of all arrays."""
        return sum(array.nbytes for array in self._arrays.values())

    def append(self, columns: Mapping[str, NDArray[Any]]) -> IntArray:
        """Add rows, a value for each column; their numbers."""
        n = len(next(iter(columns.values())))
        self._make_room(n)
        at = self._first + len(self)
        for name, array in self._arrays.items():
            array[at : at + n] = columns[name]
        self.end += n
        return np.arange(self.end - n, self.end)

    def get(self, name: str, rows: IntArray) -> NDArray[Any]:
        """Values of a column, of rows that are still held."""
        return self._arrays[name][rows - self.start + self._first]

    def put(self, name: str, rows: IntArray, values: Any) -> None:
        """Change values of a column."""
        self._arrays[name][rows - self.start + self._first] = values

    def drop(self, below: int) -> None:
        """Forget the rows below a number."""
        gone = min(below, self.end) - self.start
        if gone > 0:
            self.start += gone
            self._first += gone
            if self._first > len(self) + _LEAST:
                self._resize(max(_LEAST, len(self) + len(self) // 2))

    def _make_room(self, n: int) -> None:
        size = len(next(iter(self._arrays.values())))
        needed = len(self) + n
        if self._first + needed > size:
            self._resize(max(_LEAST, needed + needed // 2))

    def _resize(self, size: int) -> None:
        for name, array in self._arrays.items():
            moved = np.empty(size, dtype=array.dtype)
            moved[: len(self)] = array[self._first : self._first + len(self)]
            self._arrays[name] = moved
        self._first = 0


_LEAST = 1024
