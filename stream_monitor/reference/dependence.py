"""Which derived columns a reference has, and their formulas.

The formulas are fitted to one half of the rows, drawn by the seed, and the columns frozen from the
other half. Given the first half they are fixed functions of a row, so rows like the reference's
are exchangeable with the frozen ones, which is what the tests of drift take for granted; a formula
fitted to the very rows it is compared with would fit them better than it fits any others.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from stream_monitor.errors import DataError
from stream_monitor.reference.cells import numbers
from stream_monitor.reference.derived import Components, Derived, Products, Standard
from stream_monitor.reference.model import NumericColumn, ReferenceColumn, Role
from stream_monitor.statistics.arrays import BoolArray, FloatArray

#: Up to so many numeric features ``auto`` takes their pairs.
AUTO_PAIRS = 10
#: Products grow with the square of the features, and the cost of components with both counts.
MAX_PAIRS_OF = 10
MAX_FEATURES = 256
MAX_COMPONENTS = 32
#: Usable rows without which there are no derived columns: half to fit them, half to freeze.
MIN_ROWS = 200
NEEDED = (
    f"it takes 2 to {MAX_FEATURES} numeric features that vary "
    f"and at least {MIN_ROWS} rows that have them"
)

_SHARE = 0.9  # of the variance, which the leading components hold
_PRESENT = 0.8  # the share of rows that must have a feature: one lacking takes the row away
_FIT_ROWS = 20_000
_CHUNK = 65_536
# A normal value is further out once in 16,000 rows; a Cauchy one, once in ten.
_CLIP = 4.0
# Tails of the sample and how many standard deviations of a normal law lie between them.
_TAILS = ((0.25, 1.349), (0.05, 3.290), (0.01, 4.653))
# Far enough from the largest float that a range does not overflow.
_FAR = float(np.finfo(np.float64).max) / 4
_DIGITS = 12  # so that machines that round otherwise agree on the components


class Dependence(StrEnum):
    """How a reference watches its features moving together."""

    AUTO = "auto"  # pairs of up to 10 features, components of more
    PAIRS = "pairs"
    PCA = "pca"
    NONE = "none"


class Found(NamedTuple):
    """Formulas, and for each of their columns the frozen rows: float64 (N,), NaN for no value.

    ``rows``: bool, which of the table's rows are frozen, N of them.
    """

    derived: Derived
    values: list[FloatArray]
    rows: BoolArray


def derive(
    table: pa.Table, columns: Sequence[ReferenceColumn], how: Dependence, seed: int
) -> Found | None:
    """The derived columns of the numeric features among ``columns``, of the rows of ``table``.

    Features that do not vary (98 % of the rows alike), or that more than a fifth of the rows lack,
    are left out. ``None`` for ``how`` none, with fewer than two features left, or too few rows that
    have them (see ``NEEDED``); for auto also with too many features. Raises :class:`DataError` for
    pairs of more than 10 features or pca of more than 256.
    """
    names = [
        column.name
        for column in columns
        if column.role is Role.FEATURE and isinstance(column, NumericColumn)
    ]
    if how is Dependence.NONE or len(names) < 2 or table.num_rows < MIN_ROWS:
        return None
    if how is Dependence.AUTO and len(names) > MAX_FEATURES:
        return None
    _refuse_too_many(how, len(names))
    halves = np.random.default_rng([seed, zlib.crc32(b"dependence")]).permutation(table.num_rows)
    first = halves[: table.num_rows // 2]
    fitting = table.select(names).take(pa.array(np.sort(first[:_FIT_ROWS])))
    samples = {name: numbers(fitting[name]) for name in names}
    standard = _standard(samples)
    if standard is None:
        return None
    rows = np.stack([standard.of(at, samples[name]) for at, name in enumerate(standard.sources)])
    if how is Dependence.AUTO:
        how = Dependence.PAIRS if len(standard.sources) <= AUTO_PAIRS else Dependence.PCA
    frozen = np.ones(table.num_rows, dtype=np.bool_)
    frozen[first] = False
    if how is Dependence.PCA:
        return _components(table, standard, rows, frozen)
    return _products(table, standard, rows, frozen)


def _refuse_too_many(how: Dependence, features: int) -> None:
    most, instead = {
        Dependence.PAIRS: (MAX_PAIRS_OF, "take their principal components (--dependence pca)"),
        Dependence.PCA: (MAX_FEATURES, "choose the ones that matter (--feature)"),
    }.get(how, (features, ""))
    if features > most:
        raise DataError(
            f"There are {features:,} numeric features, and {how} is for {most} at most: "
            f"{instead}, or watch no dependence (--dependence none)."
        )


def _standard(samples: dict[str, FloatArray]) -> Standard | None:
    """The scales of the features that vary and are mostly there; ``None`` for fewer than two."""
    scales = {name: _scale(values) for name, values in samples.items()}
    fine = {name: scale for name, scale in scales.items() if scale is not None}
    if len(fine) < 2:
        return None
    low, high, mean, sd = np.array(list(fine.values())).T.copy()
    return Standard(tuple(fine), low, high, mean, sd)


def _scale(values: FloatArray) -> tuple[float, float, float, float] | None:
    """Low, high, mean and deviation: 4 robust deviations around the median, and what is inside.

    The robust deviation is of the middle half, and of 90 or 98 % where that is one value only.
    """
    known = values[~np.isnan(values)]
    if known.size < max(_PRESENT * values.size, MIN_ROWS // 4):
        return None
    middle = float(np.quantile(known, 0.5, method="inverted_cdf"))
    with np.errstate(over="ignore"):
        for tail, deviations in _TAILS:
            ends = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
            reach = _CLIP * float(ends[1] / deviations - ends[0] / deviations)
            if reach > 0.0:
                break
    low, high = max(middle - reach, -_FAR), min(middle + reach, _FAR)
    if not low < high:  # one value, or numbers beyond what a range can span
        return None
    inside = np.clip(known, low, high)
    unit = max(abs(low), abs(high))
    with np.errstate(under="ignore"):
        scaled = inside / unit
        mean = min(max(float(scaled.mean()) * unit, low), high)
        sd = float(scaled.std()) * unit
    return (low, high, mean, sd) if sd > 0.0 else None


def _products(
    table: pa.Table, standard: Standard, rows: FloatArray, frozen: BoolArray
) -> Found | None:
    """The products of the pairs that enough rows of either half have."""
    there = ~np.isnan(rows)
    pairs = np.array(
        [
            pair
            for pair in combinations(range(len(rows)), 2)
            if np.count_nonzero(there[pair[0]] & there[pair[1]]) >= MIN_ROWS // 2
        ],
        dtype=np.int64,
    )
    if not pairs.size:
        return None
    values = _values(table, Products(standard, pairs), frozen)
    enough = [np.count_nonzero(~np.isnan(column)) >= MIN_ROWS // 2 for column in values]
    if not any(enough):
        return None
    kept = [column for column, fine in zip(values, enough, strict=True) if fine]
    return Found(Products(standard, pairs[enough]), kept, frozen)


def _components(
    table: pa.Table, standard: Standard, rows: FloatArray, frozen: BoolArray
) -> Found | None:
    """The leading components of the rows that have all features."""
    whole = rows[:, ~np.isnan(rows).any(axis=0)]
    # With fewer rows than this the components are mostly chance.
    if whole.shape[1] < max(MIN_ROWS // 2, 2 * len(rows)):
        return None
    variances, vectors = np.linalg.eigh(whole @ whole.T / whole.shape[1])
    variances, axes = variances[::-1], vectors.T[::-1]
    shares = np.cumsum(variances) / variances.sum()
    count = min(int(shares.searchsorted(_SHARE)) + 1, len(rows) - 1, MAX_COMPONENTS)
    # An axis has no direction: its largest part is positive.
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    rounded = np.round(axes * np.sign(largest), _DIGITS)[:count] + 0.0
    formulas = Components(standard, rounded, np.round(variances[:count], _DIGITS))
    values = _values(table, formulas, frozen)
    if np.count_nonzero(~np.isnan(values[0])) < MIN_ROWS // 2:
        return None
    return Found(formulas, values, frozen)


def _values(table: pa.Table, derived: Derived, frozen: BoolArray) -> list[FloatArray]:
    """The derived columns of the rows to freeze, in their order."""
    parts: list[list[FloatArray]] = [[] for _ in derived.inputs]
    for begin in range(0, table.num_rows, _CHUNK):
        chosen = frozen[begin : begin + _CHUNK]
        piece = table.slice(begin, _CHUNK)
        sources = [numbers(piece[name])[chosen] for name in derived.standard.sources]
        for part, values in zip(parts, derived.of(sources), strict=True):
            part.append(values)
    return [np.concatenate(part) for part in parts]
