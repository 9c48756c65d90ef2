"""Isotonic regression of shares: the rising step function nearest to counted successes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from stream_monitor.statistics.arrays import IntArray


def rising_blocks(successes: IntArray, totals: IntArray) -> IntArray:
    """The first bin of each block of the isotonic regression, int64 ascending from 0.

    ``successes`` and ``totals`` int64 (B,), 0 ≤ successes ≤ totals. A block's value is its
    successes over its total; the values rise strictly from block to block. Pool adjacent
    violators (Ayer et al., Ann. Math. Stat. 26, 1955), in integers and so without rounding.
    Bins without rows are in the block before them; where no bin has rows there is one block.
    """
    blocks: list[tuple[int, int, int]] = []  # first bin, successes, total
    for at, (won, of) in enumerate(zip(successes.tolist(), totals.tolist(), strict=True)):
        start = at
        while blocks and blocks[-1][1] * of >= won * blocks[-1][2]:
            start, more_won, more_of = blocks.pop()
            won, of = won + more_won, of + more_of
        blocks.append((start, won, of))
    return np.array([start for start, _, _ in blocks], dtype=np.int64)
