"""What a reference's own labels say: its confusion matrix, and what its scores are worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.isotonic import rising_blocks

#: Equal-width score bins, closed on the right: of a binary model, and of one with more classes.
BINARY_GRID = 1000
MULTICLASS_GRID = 100


class Rising(NamedTuple):
    """A rising step function of the score: the chance of a positive label.

    ``block`` int64 (grid,) is the block of each score bin; ``share`` float64 (blocks,) its
    chance, in (0, 1); ``rows`` int64 (blocks,) the labelled rows the chance is of.
    """

    block: IntArray
    share: FloatArray
    rows: IntArray


@dataclass(frozen=True, eq=False)
class Calibration:
    """Labelled rows of the reference with a score in [0, 1], counted.

    The score is that of the positive class of a binary model (``positive`` is its place among
    the classes), else that of the predicted class (``positive`` is ``None``). ``grid`` score
    bins of equal width, closed on the right, stand in runs: ``starts`` (int64, (B,), from 0,
    ascending) has the first of each. ``counts`` (int64, (C + 1, B, C + 1)) are by predicted
    class, run and label class; the last of both is every class the reference does not have.
    """

    grid: int
    positive: int | None
    starts: IntArray
    counts: IntArray

    @property
    def rows(self) -> int:
        """The rows counted."""
        return int(self.counts.sum())

    @cached_property
    def rising(self) -> Rising:
        """The chance of the positive label by the score of a binary model.

        Isotonic regression over the runs (Zadrozny and Elkan, KDD 2002). To each block's rows
        one is added that is positive by the share of all, so that no chance is 0 or 1; that
        share has half a row added on either side (Jeffreys). Labels of a third class are left
        out. Raises ValueError if there is no positive class.
        """
        if self.positive is None:
            raise ValueError("only a binary model has a positive class")
        by_label = self.counts.sum(axis=0)
        positives = by_label[:, self.positive]
        totals = by_label[:, :-1].sum(axis=1)
        first = rising_blocks(positives, totals)
        won, rows = np.add.reduceat(positives, first), np.add.reduceat(totals, first)
        prior = (won.sum() + 0.5) / (rows.sum() + 1)
        block = np.repeat(np.arange(len(first)), np.diff([*self.starts[first], self.grid]))
        return Rising(block, (won + prior) / (rows + 1), rows)

    @cached_property
    def labels(self) -> FloatArray:
        """The chance of each label by predicted class and run, float64 (C + 1, B, C + 1).

        Shares with one row added, which is spread by the shares of the predicted class in all
        runs; those have one added by the shares of all rows, and those one spread evenly.
        Each cell sums to 1 and no chance is 0.
        """
        of_all = self.counts.sum(axis=(0, 1))
        even = np.full(len(of_all), 1 / len(of_all))
        shares = _shrunk(of_all, even)
        return _shrunk(self.counts, _shrunk(self.counts.sum(axis=1), shares)[:, None, :])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Calibration)
            and (self.grid, self.positive) == (other.grid, other.positive)
            and np.array_equal(self.starts, other.starts)
            and np.array_equal(self.counts, other.counts)
        )


@dataclass(frozen=True, eq=False)
class Baseline:
    """How well the model predicted the reference's own labels.

    ``confusion`` (int64, (C + 1, C + 1)) counts rows by label and predicted class, the last
    of both every other class. ``calibration`` is ``None`` without a usable score.
    """

    confusion: IntArray
    calibration: Calibration | None

    @property
    def labelled(self) -> int:
        """The rows with a label and a prediction."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Those whose prediction is the label, of the reference's classes."""
        return int(self.confusion.diagonal()[:-1].sum())

    @property
    def error(self) -> float:
        """The share of wrong predictions among the labelled rows."""
        return 1 - self.correct / self.labelled

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Baseline)
            and np.array_equal(self.confusion, other.confusion)
            and self.calibration == other.calibration
        )


def score_bins(scores: FloatArray, grid: int) -> IntArray:
    """The bin of scores in [0, 1]: bin i holds (i/grid, (i + 1)/grid], bin 0 also the score 0."""
    edges = np.arange(grid + 1) / grid
    # A product may be rounded across an edge: the edges themselves decide.
    bins = (scores * grid).astype(np.int64)
    np.minimum(bins, grid - 1, out=bins)
    bins -= scores <= edges[bins]
    return np.maximum(bins, 0, out=bins)


def _shrunk(counts: IntArray, prior: FloatArray) -> FloatArray:
    shares: FloatArray = (counts + prior) / (counts.sum(axis=-1, keepdims=True) + 1)
    return shares
