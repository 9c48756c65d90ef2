"""Streams that are like their reference, and streams that drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from stream_monitor.detectors.evidence.bins import FeatureBins
from stream_monitor.detectors.evidence.cuts import bins_of_numeric
from stream_monitor.detectors.evidence.detector import EvidenceDetector
from stream_monitor.statistics.arrays import FloatArray, IntArray

Draw = Callable[[np.random.Generator, int], FloatArray]
"""``n`` rows, float64 (n, F), independent of each other."""


def normal(random: np.random.Generator, n: int) -> FloatArray:
    return random.normal(size=(n, 3))


def cauchy(random: np.random.Generator, n: int) -> FloatArray:
    return random.standard_cauchy(size=(n, 3))


def correlated(random: np.random.Generator, n: int) -> FloatArray:
    common = random.normal(size=(n, 1))
    moved: FloatArray = np.sqrt(0.9) * common + np.sqrt(0.1) * random.normal(size=(n, 3))
    return moved


def folded(random: np.random.Generator, n: int) -> FloatArray:
    """Columns that together tell where each one's quantiles are."""
    x = random.random(n)
    return np.stack([x, np.abs(2 * x - 1), np.abs(4 * x - 1)], axis=1)


def discrete(random: np.random.Generator, n: int) -> FloatArray:
    few = random.choice(4, size=n, p=[0.55, 0.3, 0.1, 0.05])
    rare = random.random(n) < 0.02
    return np.stack([few, rare, random.poisson(3.0, n)], axis=1).astype(np.float64)


def constant(random: np.random.Generator, n: int) -> FloatArray:
    return np.stack([np.zeros(n), random.normal(size=n)], axis=1)


@dataclass(frozen=True)
class Watched:
    """A detector and the bins of its columns, of a reference that was drawn."""

    bins: tuple[FeatureBins, ...]
    detector: EvidenceDetector

    @classmethod
    def of(cls, reference: FloatArray, threshold: float, seed: int = 0) -> Watched:
        bins = tuple(
            bins_of_numeric(f"f{at}", np.sort(column), seed=seed)
            for at, column in enumerate(reference.T)
        )
        return cls(bins, EvidenceDetector.of(bins, threshold))

    def counts(self, rows: FloatArray, pane_ms: int) -> IntArray:
        columns = np.ascontiguousarray(rows.T)
        counted = [
            bins.count(column, pane_ms) for bins, column in zip(self.bins, columns, strict=True)
        ]
        return np.stack(counted)


def compositions(n: int, k: int) -> Iterator[tuple[int, ...]]:
    """All ways to share n among k, in order."""
    if k == 1:
        yield (n,)
        return
    for first in range(n + 1):
        for rest in compositions(n - first, k - 1):
            yield first, *rest
