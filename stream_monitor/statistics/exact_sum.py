"""The exact sum of doubles, which adds and subtracts without drift.

A float64 sum depends on the order of its terms, and taking a pane out of a window
does not give back what was there before. A superaccumulator does: every finite double is a
multiple of 2^-1074, so the sum is an integer in those units and integers form a
commutative group. (Kulisch, "Computer Arithmetic and Validity", 2008, ch. 8.)
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from stream_monitor.statistics.arrays import FloatArray

_UNIT_BITS = 1074  # the least positive double is 2^-1074
_FRACTION_BITS = 52
_FRACTION = (1 << _FRACTION_BITS) - 1
_SPECIAL = 0x7FF  # the exponent of infinities and NaN
_LOW = (1 << 32) - 1
_CHUNK = 1 << 20  # 2^20 low halves of 32 bits stay below 2^53, so float64 adds them exactly
_FEW = 16  # below this, plain Python is faster than the array path
_HEADER = struct.Struct("<qqH")
_MOST_BYTES = 1024  # a sum of 2^63 doubles has 270


@dataclass(frozen=True, slots=True)
class ExactSum:
    """An exact sum of float64 values: ``units`` × 2^-1074 and counts of infinities.

    ``+``, ``-``, unary ``-`` and ``*`` with an int are exact, so sums form a commutative group
    with ``ExactSum()`` as identity: ``a + b - b == a``, infinities included.

    >>> (ExactSum.of([1e300, 1.0]) - ExactSum.of([1e300])).value
    1.0
    """

    units: int = 0
    positive_infinities: int = 0
    negative_infinities: int = 0

    @classmethod
    def of(cls, values: npt.ArrayLike) -> ExactSum:
        """The sum of ``values`` (any shape, read as float64). Raises ValueError on NaN."""
        array = np.ascontiguousarray(values, dtype=np.float64).reshape(-1)
        if array.size < _FEW:
            return _sum_of_few(array)
        total = cls()
        for start in range(0, array.size, _CHUNK):
            total = total + _sum_of_chunk(array[start : start + _CHUNK])
        return total

    def __add__(self, other: ExactSum) -> ExactSum:
        return ExactSum(
            self.units + other.units,
            self.positive_infinities + other.positive_infinities,
            self.negative_infinities + other.negative_infinities,
        )

    def __neg__(self) -> ExactSum:
        return self * -1

    def __sub__(self, other: ExactSum) -> ExactSum:
        return ExactSum(
            self.units - other.units,
            self.positive_infinities - other.positive_infinities,
            self.negative_infinities - other.negative_infinities,
        )

    def __mul__(self, times: int) -> ExactSum:
        return ExactSum(
            self.units * times,
            self.positive_infinities * times,
            self.negative_infinities * times,
        )

    @property
    def value(self) -> float:
        """The sum as the nearest float64 (ties to even), bit-equal to ``math.fsum``.

        Beyond the largest float it is ±inf. With infinities IEEE's rules hold: inf - inf is NaN.
        A sum of zeros is +0.0, whatever their signs.
        """
        return self.over(1)

    def over(self, count: int) -> float:
        """The sum divided by ``count`` ≥ 1, rounded once; infinities as in ``value``."""
        if count < 1:
            raise ValueError(f"a mean needs at least one value, got {count}")
        up = self.positive_infinities > 0 or self.negative_infinities < 0
        down = self.positive_infinities < 0 or self.negative_infinities > 0
        if up or down:
            return math.nan if up and down else math.inf if up else -math.inf
        try:
            return self.units / (count << _UNIT_BITS)
        except OverflowError:
            return math.inf if self.units > 0 else -math.inf

    def to_bytes(self) -> bytes:
        """A canonical form: equal sums give equal bytes; the empty sum gives ``b""``."""
        if self == ExactSum():
            return b""
        shift = max((self.units & -self.units).bit_length() - 1, 0)
        mantissa = self.units >> shift
        size = (mantissa.bit_length() + 8) // 8 if mantissa else 0
        header = _HEADER.pack(self.positive_infinities, self.negative_infinities, shift)
        return header + mantissa.to_bytes(size, "little", signed=True)

    @classmethod
    def from_bytes(cls, data: bytes) -> ExactSum:
        """The inverse of ``to_bytes``. Raises ValueError on anything ``to_bytes`` cannot give."""
        if not data:
            return cls()
        if not _HEADER.size <= len(data) <= _MOST_BYTES:
            raise ValueError(f"an exact sum of {len(data)} bytes")
        positive, negative, shift = _HEADER.unpack_from(data)
        mantissa = int.from_bytes(data[_HEADER.size :], "little", signed=True)
        total = cls(mantissa << shift, positive, negative)
        if total.to_bytes() != data:
            raise ValueError("an exact sum not in its canonical form")
        return total


def _sum_of_few(array: FloatArray) -> ExactSum:
    units = positive = negative = 0
    for value in array.tolist():
        if math.isfinite(value):
            numerator, denominator = value.as_integer_ratio()  # the denominator is a power of 2
            units += numerator << (_UNIT_BITS + 1 - denominator.bit_length())
        elif value > 0:
            positive += 1
        elif value < 0:
            negative += 1
        else:
            raise ValueError("the sum of NaN is not defined")
    return ExactSum(units, positive, negative)


def _sum_of_chunk(array: FloatArray) -> ExactSum:
    positive = negative = 0
    bits = array.view(np.int64)
    exponents = (bits >> _FRACTION_BITS) & _SPECIAL
    special = exponents == _SPECIAL
    if special.any():
        odd = array[special]
        if np.isnan(odd).any():
            raise ValueError("the sum of NaN is not defined")
        positive = int(np.count_nonzero(odd > 0))
        negative = odd.size - positive
        bits, exponents = bits[~special], exponents[~special]
    # A double is ±fraction × 2^(max(exponent, 1) - 1) units, the hidden bit set when normal.
    fractions = (bits & _FRACTION) | ((exponents > 0).astype(np.int64) << _FRACTION_BITS)
    signs = np.where(bits < 0, -1.0, 1.0)
    high = np.bincount(exponents, (fractions >> 32) * signs)
    low = np.bincount(exponents, (fractions & _LOW) * signs)
    units = 0
    for exponent in np.flatnonzero((high != 0) | (low != 0)).tolist():
        units += ((int(high[exponent]) << 32) + int(low[exponent])) << max(exponent - 1, 0)
    return ExactSum(units, positive, negative)
