"""Columns that are computed from several numeric features of one row.

A feature alone does not tell how it moves with the others; a product of two does, and so does
what the principal components of many leave of a row. Such a column is frozen, summarised and
judged as any other numeric one.

Everything here is elementwise, one sum after the other and no matrix product: a row gives the same
bits whatever rows it is computed with, so a batch may be cut anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stream_monitor.statistics.arrays import FloatArray, IntArray

RECONSTRUCTION, SPREAD = "reconstruction", "spread"
_BLOCK = 1024  # rows at a time: what is at hand in a step fits into the cache


@dataclass(frozen=True, eq=False)
class Standard:
    """How the numeric features called ``sources`` are brought to one scale; float64 (F,) each.

    A value is drawn into [``low``, ``high``], so that none outweighs all the others, and is then
    taken in deviations ``sd`` from ``mean``. Raises ValueError unless the names differ, all
    figures are finite, no range overflows, and ``sd`` > 0.
    """

    sources: tuple[str, ...]
    low: FloatArray
    high: FloatArray
    mean: FloatArray
    sd: FloatArray

    def __post_init__(self) -> None:
        figures = self.figures
        if figures.shape != (4, len(self.sources)) or not np.isfinite(figures).all():
            raise ValueError("a feature of a derived column has no scale")
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("a feature of the derived columns is named twice")
        with np.errstate(over="ignore"):
            widths = self.high - self.low
        inside = (self.low <= self.mean) & (self.mean <= self.high)
        if not (inside & np.isfinite(widths) & (self.sd > 0.0)).all():
            raise ValueError("the scales of the derived columns are out of order")

    @property
    def figures(self) -> FloatArray:
        """All four, float64 (4, F)."""
        return np.stack((self.low, self.high, self.mean, self.sd))

    def of(self, at: int, values: FloatArray) -> FloatArray:
        """Values of the feature ``at`` as deviations; NaN stays NaN."""
        deviations = np.clip(values, self.low[at], self.high[at])
        deviations -= self.mean[at]
        deviations /= self.sd[at]
        return deviations

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Standard)
            and self.sources == other.sources
            and np.array_equal(self.figures, other.figures)
        )


@dataclass(frozen=True, eq=False)
class Products:
    """The products of standardised features, two at a time: their mean is the correlation.

    ``pairs``: int64 (P, 2), places among the sources, P ≥ 1. ValueError for one out of reach.
    """

    standard: Standard
    pairs: IntArray

    def __post_init__(self) -> None:
        pairs, features = self.pairs, len(self.standard.sources)
        if not pairs.size or pairs.ndim != 2 or pairs.shape[1] != 2:
            raise ValueError("products are of pairs of features")
        if pairs.min() < 0 or pairs.max() >= features or (pairs[:, 0] >= pairs[:, 1]).any():
            raise ValueError("a product is of features that are not there")

    @cached_property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        """The columns by name, in their order, each with the features it is computed from."""
        names = self.standard.sources
        pairs = [(names[left], names[right]) for left, right in self.pairs.tolist()]
        return {"*".join(map(_escaped, pair)): pair for pair in pairs}

    def of(self, columns: Sequence[FloatArray]) -> list[FloatArray]:
        """The columns of rows: a float64 array (n,) for each source and each column.

        NaN where a source is NaN; finite values only otherwise, given finite ones.
        """
        parts = [self.standard.of(at, column) for at, column in enumerate(columns)]
        return [parts[left] * parts[right] for left, right in self.pairs.tolist()]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Products)
            and self.standard == other.standard
            and np.array_equal(self.pairs, other.pairs)
        )


@dataclass(frozen=True, eq=False)
class Components:
    """What the leading principal components of a row are, and what they leave of it.

    ``axes``: float64 (K, F), orthonormal up to rounding; ``variances``: float64 (K,), > 0.
    ``reconstruction`` is the length of a row's deviations outside the axes, ``spread`` that inside,
    each axis in deviations of its own: the square root of Hotelling's T² (Jackson and Mudholkar,
    Technometrics 21, 1979). ValueError unless 1 ≤ K < F and all is finite.
    """

    standard: Standard
    axes: FloatArray
    variances: FloatArray

    def __post_init__(self) -> None:
        axes, variances, features = self.axes, self.variances, len(self.standard.sources)
        if variances.ndim != 1 or axes.shape != (len(variances), features):
            raise ValueError("there are not as many variances as components")
        if not 1 <= len(variances) < features:
            raise ValueError("components are at least one and fewer than the features")
        if not (np.abs(axes) <= 1.0).all() or not (np.isfinite(variances) & (variances > 0)).all():
            raise ValueError("the components are out of order")

    @cached_property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        """The columns by name, in their order, each with the features it is computed from."""
        return dict.fromkeys((RECONSTRUCTION, SPREAD), self.standard.sources)

    def of(self, columns: Sequence[FloatArray]) -> list[FloatArray]:
        """The columns of rows: a float64 array (n,) for each source and each column.

        NaN where a source is NaN; finite values only otherwise, given finite ones.
        """
        rows = len(columns[0])
        left, spread = np.empty(rows), np.empty(rows)
        for begin in range(0, rows, _BLOCK):
            part = slice(begin, begin + _BLOCK)
            left[part], spread[part] = self._block([column[part] for column in columns])
        return [left, spread]

    def _block(self, columns: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
        rows = len(columns[0])
        scores = np.zeros((len(self.axes), rows))
        step = np.empty_like(scores)
        total, inside, spread = np.zeros(rows), np.zeros(rows), np.zeros(rows)
        for at, column in enumerate(columns):
            deviations = self.standard.of(at, column)
            scores += np.multiply(self.axes[:, at, None], deviations, out=step)
            deviations *= deviations
            total += deviations
        scores *= scores
        for score, variance in zip(scores, self.variances, strict=True):
            inside += score
            score /= variance
            spread += score
        total -= inside
        # Rounding may leave less than nothing of a row that lies on the axes.
        return np.sqrt(np.maximum(total, 0.0, out=total)), np.sqrt(spread)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Components)
            and self.standard == other.standard
            and np.array_equal(self.axes, other.axes)
            and np.array_equal(self.variances, other.variances)
        )


Derived = Products | Components


def _escaped(name: str) -> str:
    """A feature's name in which a ``*`` is none of a product's, so that no two names are alike."""
    return name.replace("\\", "\\\\").replace("*", "\\*")
