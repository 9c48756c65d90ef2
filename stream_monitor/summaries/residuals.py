"""Errors of a regression: their exact sums, and a histogram for their quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from stream_monitor.events.columns import MISSING, OK, NumericValues, numeric
from stream_monitor.statistics.arrays import read_only
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.summaries.codec import (
    IntArray,
    SparseWire,
    at_least_zero,
    damaged,
    minus,
    pack_sparse,
    seal,
    unpack_sparse,
    unpack_sum,
    unseal,
)
from stream_monitor.summaries.facts import Facts, FactsWire
from stream_monitor.summaries.latency import ACCURACY, log_edges

if TYPE_CHECKING:
    from stream_monitor.events.batch import RawColumn
    from stream_monitor.statistics.arrays import FloatArray

LOWEST: Final = 1e-9
HIGHEST: Final = 1e12
_EDGES: Final = log_edges(LOWEST, HIGHEST)
_BUCKETS: Final = len(_EDGES) + 1
_SPLIT: Final = float(2**27 + 1)


class Quantile(NamedTuple):
    """A quantile with bounds of the value of its rank; ``None``: no bound on this side."""

    value: float
    lower: float | None
    upper: float | None


class ResidualSums(NamedTuple):
    """Exact sums over rows with error e = prediction − truth and truth y.

    Terms are the doubles e, |e|, e², |e / y| (rounded once each; only where y ≠ 0); y is exact,
    and so is y² for 1e-145 ≤ |y| ≤ 1e150. ``relative_squared`` and ``fourth`` are of the
    squares of the terms of ``relative`` and ``squared``, rounded once more.
    """

    error: ExactSum = ExactSum()
    absolute: ExactSum = ExactSum()
    squared: ExactSum = ExactSum()
    relative: ExactSum = ExactSum()
    truth: ExactSum = ExactSum()
    truth_squared: ExactSum = ExactSum()
    relative_squared: ExactSum = ExactSum()
    fourth: ExactSum = ExactSum()


class ResidualWire(msgspec.Struct, array_like=True, frozen=True):
    """Counts sparse, sums in their own bytes."""

    facts: FactsWire
    zero_truths: int
    zeros: int
    negative: SparseWire
    positive: SparseWire
    sums: list[bytes]


@dataclass(frozen=True, slots=True, eq=False)
class ResidualSummary:
    """Errors (prediction − truth) of a regression: an exact commutative group, bounded.

    ``facts`` counts the rows with a label; what is wrong with the truth, or else with the
    prediction. The ``n`` usable rows are in ``sums``; ``zero_truths`` of them have y = 0.
    ``zeros`` errors are 0; ``negative`` and ``positive`` (int64, read-only) count the others
    by magnitude: bucket 0 holds (0, 1e-9], bucket i (γ^(i−1), γ^i]·1e-9 with
    γ = 1.01 / 0.99, the last one what is above 1e12 (see :mod:`summaries.latency`).
    """

    facts: Facts
    zero_truths: int
    zeros: int
    negative: IntArray
    positive: IntArray
    sums: ResidualSums

    @classmethod
    def empty(cls) -> ResidualSummary:
        """The identity of :meth:`merge`."""
        none = read_only(np.zeros(_BUCKETS, dtype=np.int64))
        return cls(Facts(), 0, 0, none, none, ResidualSums())

    @classmethod
    def of(cls, truths: RawColumn, predictions: RawColumn | None, rows: int) -> ResidualSummary:
        """The summary of two raw columns of ``rows`` rows; a row without a truth is left out."""
        return cls.of_numbers(numeric(truths, rows), numeric(predictions, rows))

    @classmethod
    def of_numbers(cls, truths: NumericValues, predictions: NumericValues) -> ResidualSummary:
        """The same of columns that are numbers and codes already."""
        truth, truth_codes = truths
        prediction, codes = predictions
        rows = len(truth)
        fine = np.zeros(rows, dtype=np.uint8)
        truth_codes = fine if truth_codes is None else truth_codes
        codes = np.where(truth_codes == OK, fine if codes is None else codes, truth_codes)
        labelled = truth_codes != MISSING
        usable = codes == OK
        y = truth[usable]
        with np.errstate(over="ignore", under="ignore"):
            error = prediction[usable] - y
            nonzero = y != 0
            squared, relative = error * error, np.abs(error[nonzero] / y[nonzero])
            sums = ResidualSums(
                ExactSum.of(error),
                ExactSum.of(np.abs(error)),
                ExactSum.of(squared),
                ExactSum.of(relative),
                ExactSum.of(y),
                _exact_squares(y),
                ExactSum.of(relative * relative),
                ExactSum.of(squared * squared),
            )
        return cls(
            Facts.of_codes(codes[labelled], int(np.count_nonzero(labelled))),
            int(np.count_nonzero(~nonzero)),
            int(np.count_nonzero(error == 0)),
            _histogram(-error[error < 0]),
            _histogram(error[error > 0]),
            sums,
        )

    @property
    def n(self) -> int:
        """The number of rows with a usable truth and prediction."""
        return self.facts.usable

    @property
    def fingerprint(self) -> str:
        return f"residuals:{ACCURACY}"

    def total_variation(self) -> Fraction | None:
        """Σ (y − ȳ)², without rounding; ``None`` if nothing was counted or it overflowed."""
        truth, squared = self.sums.truth, self.sums.truth_squared
        if not self.n or not math.isfinite(squared.value):
            return None
        unit = 1 << 1074
        return Fraction(squared.units, unit) - Fraction(truth.units, unit) ** 2 / self.n

    def quantile(self, q: float) -> Quantile | None:
        """The q-quantile of the errors, q in [0, 1]; ``None`` if nothing was counted.

        Let e be the error of rank ⌊q(n − 1)⌋ from 0. The answer is within 1 % of e if
        1e-9 ≤ |e| ≤ 1e12, and exactly 0 if e is 0; beyond, the bounds say what is known.
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"a quantile is between 0 and 1, not {q}")
        if not self.n:
            return None
        return self.at_rank(math.floor(q * (self.n - 1)))

    def at_rank(self, rank: int) -> Quantile:
        """The error of a rank in [0, n), counted from the smallest, known as a quantile is."""
        below = int(self.negative.sum())
        if rank < below:  # the largest magnitude comes first
            value, lower, upper = _bucket(self.negative, below - 1 - rank)
            return Quantile(-value, None if upper is None else -upper, -lower)
        if rank < below + self.zeros:
            return Quantile(0.0, 0.0, 0.0)
        value, lower, upper = _bucket(self.positive, rank - below - self.zeros)
        return Quantile(value, lower, upper)

    def buckets(self) -> tuple[IntArray, IntArray]:
        """The buckets that hold errors, by their numbers (see :func:`numbered`), and their counts.

        The numbers ascend, in the order of the errors.
        """
        counts = np.concatenate([self.negative[::-1], [self.zeros], self.positive])
        held = np.flatnonzero(counts)
        return held - _BUCKETS, counts[held]

    def merge(self, other: ResidualSummary) -> ResidualSummary:
        """The summary of both."""
        return ResidualSummary(
            self.facts + other.facts,
            self.zero_truths + other.zero_truths,
            self.zeros + other.zeros,
            read_only(self.negative + other.negative),
            read_only(self.positive + other.positive),
            ResidualSums(*(a + b for a, b in zip(self.sums, other.sums, strict=True))),
        )

    def subtract(self, other: ResidualSummary) -> ResidualSummary:
        """The inverse of :meth:`merge`; ``ValueError`` if ``other`` was never added."""
        return ResidualSummary(
            self.facts - other.facts,
            at_least_zero(self.zero_truths - other.zero_truths),
            at_least_zero(self.zeros - other.zeros),
            minus(self.negative, other.negative),
            minus(self.positive, other.positive),
            ResidualSums(*(a - b for a, b in zip(self.sums, other.sums, strict=True))),
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ResidualSummary)
            and self.facts == other.facts
            and (self.zero_truths, self.zeros) == (other.zero_truths, other.zeros)
            and np.array_equal(self.negative, other.negative)
            and np.array_equal(self.positive, other.positive)
            and self.sums == other.sums
        )

    def to_wire(self) -> ResidualWire:
        return ResidualWire(
            self.facts.to_wire(),
            self.zero_truths,
            self.zeros,
            pack_sparse(self.negative),
            pack_sparse(self.positive),
            [total.to_bytes() for total in self.sums],
        )

    @classmethod
    def from_wire(cls, wire: ResidualWire) -> ResidualSummary:
        if len(wire.sums) != len(ResidualSums._fields):
            raise damaged("a sum of errors is missing")
        summary = cls(
            Facts.from_wire(wire.facts),
            wire.zero_truths,
            wire.zeros,
            unpack_sparse(wire.negative, _BUCKETS),
            unpack_sparse(wire.positive, _BUCKETS),
            ResidualSums(*map(unpack_sum, wire.sums)),
        )
        counted = wire.zeros + int(summary.negative.sum() + summary.positive.sum())
        if wire.zeros < 0 or not 0 <= wire.zero_truths <= counted or counted != summary.n:
            raise damaged("the errors and their facts do not add up")
        return summary

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes) -> ResidualSummary:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, ResidualWire))


def numbered(errors: FloatArray) -> IntArray:
    """The number of each error's bucket, int64: i + 1 if it is in bucket i, −(i + 1) if below 0.

    0 for 0. They are in the order of the errors: a larger one has no smaller number.
    """
    numbers = _EDGES.searchsorted(np.abs(errors), side="left").astype(np.int64) + 1
    return np.sign(errors).astype(np.int64) * numbers


def _histogram(magnitudes: FloatArray) -> IntArray:
    return read_only(np.bincount(_EDGES.searchsorted(magnitudes, side="left"), minlength=_BUCKETS))


def _bucket(counts: IntArray, rank: int) -> tuple[float, float, float | None]:
    """Value, lower and upper bound of the bucket with the rank, by ascending magnitude."""
    bucket = int(np.cumsum(counts).searchsorted(rank, side="right"))
    if bucket == 0:
        return LOWEST, 0.0, LOWEST
    lower = float(_EDGES[bucket - 1])
    if bucket == _BUCKETS - 1:
        return lower, lower, None
    return lower * (1 + ACCURACY), lower, float(_EDGES[bucket])


def _exact_squares(values: FloatArray) -> ExactSum:
    """The sum of the squares, each as two doubles (Dekker 1971), so that nothing is rounded.

    The variance of truths far from 0 is the small difference of two large sums.
    """
    mantissa, exponent = np.frexp(values)
    square = mantissa * mantissa
    scaled = mantissa * _SPLIT
    high = scaled - (scaled - mantissa)
    low = mantissa - high
    rest = ((high * high - square) + 2 * high * low) + low * low
    shift = 2 * exponent
    return ExactSum.of(np.ldexp(square, shift)) + ExactSum.of(np.ldexp(rest, shift))
