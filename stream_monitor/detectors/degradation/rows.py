"""The rows of panes from their counts alone, in one fixed order.

The order of a pane's rows is not known, only their counts, so the errors are spread evenly:
error j = 0, 1, …, e − 1 of a pane of n rows is its row ⌊(2j + 1) n / (2e)⌋. After any i rows that
is within one error of i · e / n, the mean over all orders. Sums of rows that a detector walks on
are therefore those of the mean order, and the largest is no larger than it is on average
(Jensen), to an error: detectors alarm no more often than on the rows themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.statistics.arrays import FloatArray

BLOCK = 2**18
"""The most rows that are laid out at once."""

THINNED = 100
"""The most rows of a pane that river's detectors are fed."""


class Block(NamedTuple):
    """Rows of some panes in order: those of ``panes[i]`` end before row ``ends[i]``."""

    rows: FloatArray  # 0.0 right, 1.0 wrong
    panes: list[int]
    ends: list[int]


class _Piece(NamedTuple):
    """Rows ``first`` … ``last`` − 1 of a pane, with its errors ``skipped`` … ``until`` − 1."""

    pane: int
    n: int
    errors: int
    first: int
    last: int
    skipped: int
    until: int


def blocks(panes: Sequence[PaneErrors]) -> Iterator[Block]:
    """All rows of all panes, in blocks of at most ``BLOCK`` rows; panes without rows are none."""
    held: list[_Piece] = []
    size = 0
    for piece in _pieces(panes):
        if size + piece.last - piece.first > BLOCK:
            yield _laid_out(held, size)
            held, size = [], 0
        held.append(piece)
        size += piece.last - piece.first
    if held:
        yield _laid_out(held, size)


def thinned(pane: PaneErrors, carry: float) -> tuple[FloatArray, float]:
    """At most ``THINNED`` rows with the pane's share of errors, and what is left of an error.

    The part of an error that makes no whole row, in [0, 1), is carried over to the next pane, so
    that over the panes no part of the error rate is lost.
    """
    n, errors = pane.n, pane.errors
    if n > THINNED:
        due = THINNED * errors / n + carry
        n, errors = THINNED, int(due)
        carry = due - errors
    if not n:
        return np.zeros(0), carry
    return _laid_out([_Piece(0, n, errors, 0, n, 0, errors)], n).rows, carry


def _pieces(panes: Sequence[PaneErrors]) -> Iterator[_Piece]:
    for at, pane in enumerate(panes):
        n, errors = pane.n, pane.errors
        if 0 < n <= BLOCK:
            yield _Piece(at, n, errors, 0, n, 0, errors)
            continue
        for first in range(0, n, BLOCK):
            last = min(first + BLOCK, n)
            skipped, until = _errors_before(first, n, errors), _errors_before(last, n, errors)
            yield _Piece(at, n, errors, first, last, skipped, until)


def _errors_before(row: int, n: int, errors: int) -> int:
    return max(0, -((n - 2 * row * errors) // (2 * n)))


def _laid_out(pieces: Sequence[_Piece], size: int) -> Block:
    table = np.array(pieces, dtype=np.int64)
    lengths, counts = table[:, 4] - table[:, 3], table[:, 6] - table[:, 5]
    ends = np.cumsum(lengths)
    offsets = ends - lengths - table[:, 3]  # from a row of the pane to one of the block
    firsts = table[:, 5] - (np.cumsum(counts) - counts)
    error = np.arange(int(counts.sum())) + np.repeat(firsts, counts)
    place = (2 * error + 1) * np.repeat(table[:, 1], counts) // np.repeat(2 * table[:, 2], counts)
    rows = np.zeros(size)
    rows[place + np.repeat(offsets, counts)] = 1.0
    return Block(rows, table[:, 0].tolist(), ends.tolist())
