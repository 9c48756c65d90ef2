"""The confusion matrix to be expected of predictions whose labels are not known, and its spread.

Labels are taken as independent, each with the chances that the reference's calibration gives
its predicted class and score. A figure that moves by Σ g·(a row's label − what was expected of
it) has the variance of two sources: the labels given the chances, Σ over rows of Var(g); and
the chances, which are shares of finitely many rows themselves: with G the sum of g over the
rows that share a chance of r rows of the reference, G² · p(1 − p) / (r + 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stream_monitor.reference.calibration import Calibration
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.summaries.population import PopulationSummary


class Expected(Protocol):
    """An expected confusion matrix.

    ``matrix`` (float64, (C + 1, C + 1)) is by label and predicted class, the last of both
    every other class.
    """

    @property
    def matrix(self) -> FloatArray: ...

    def standard_error(self, gradient: FloatArray) -> float:
        """Of a figure with these derivatives by the entries of the matrix."""
        ...


@dataclass(frozen=True)
class ExpectedBinary:
    """Of a binary model: a chance of the positive label for every score bin.

    ``rows`` float64 (C + 1, B) are the predictions by class and bin, ``chance`` float64 (B,),
    ``block`` int64 (B,) which bins share a chance, ``of`` (blocks,) the reference's rows.
    """

    rows: FloatArray
    chance: FloatArray
    block: IntArray
    of: IntArray
    positive: int

    @property
    def matrix(self) -> FloatArray:
        matrix = np.zeros((3, 3))
        matrix[self.positive] = self.rows @ self.chance
        matrix[1 - self.positive] = self.rows @ (1 - self.chance)
        return matrix

    def standard_error(self, gradient: FloatArray) -> float:
        moves = gradient[self.positive] - gradient[1 - self.positive]
        return self.spread(np.broadcast_to(moves[:, None], self.rows.shape))

    def spread(self, moves: FloatArray) -> float:
        """The standard error of a figure that a positive label moves by so much, (C + 1, B)."""
        spread = self.chance * (1 - self.chance)
        of_labels = float((self.rows * moves**2 * spread).sum())
        by_block = np.bincount(self.block, (self.rows * moves).sum(axis=0), len(self.of))
        first = np.searchsorted(self.block, np.arange(len(self.of)))
        of_chances = float((by_block**2 * spread[first] / (self.of + 1)).sum())
        return math.sqrt(of_labels + of_chances)


@dataclass(frozen=True)
class ExpectedClasses:
    """Of more classes: the chances of all labels for every predicted class and run of bins.

    ``rows`` float64 (C + 1, B), ``chances`` float64 (C + 1, B, C + 1), the last axis the label;
    ``of`` int64 (C + 1, B) the reference's rows.
    """

    rows: FloatArray
    chances: FloatArray
    of: IntArray

    @property
    def matrix(self) -> FloatArray:
        matrix: FloatArray = np.einsum("kb,kbl->lk", self.rows, self.chances)
        return matrix

    def standard_error(self, gradient: FloatArray) -> float:
        mean = np.einsum("kbl,lk->kb", self.chances, gradient)
        square = np.einsum("kbl,lk->kb", self.chances, gradient**2)
        spread = np.maximum(square - mean**2, 0.0)
        of_labels = float((self.rows * spread).sum())
        of_chances = float((self.rows**2 * spread / (self.of + 1)).sum())
        return math.sqrt(of_labels + of_chances)


def expected(
    population: PopulationSummary, calibration: Calibration
) -> ExpectedBinary | ExpectedClasses:
    """What is to be expected of a classifier's predictions, by its own reference."""
    if calibration.positive is not None:
        rising = calibration.rising
        return ExpectedBinary(
            population.counts.astype(np.float64),
            rising.share[rising.block],
            rising.block,
            rising.rows,
            calibration.positive,
        )
    rows = np.add.reduceat(population.counts, calibration.starts, axis=1)
    return ExpectedClasses(
        rows.astype(np.float64), calibration.labels, calibration.counts.sum(axis=2)
    )
