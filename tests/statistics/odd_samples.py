"""Samples of one feature that break careless arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_monitor.statistics.arrays import FloatArray


FINITE: Mapping[str, Callable[[np.random.Generator, int], FloatArray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "shifted": lambda rng, n: rng.normal(loc=rng.choice([0.0, 0.5, 3.0]), size=n),
    "one decimal": lambda rng, n: np.round(rng.normal(size=n), 1),
    "few integers": lambda rng, n: rng.integers(-3, 4, n).astype(np.float64),
    "great integers": lambda rng, n: rng.integers(2**62, 2**62 + 5000, n).astype(np.float64),
    "constant": lambda rng, n: np.full(n, rng.choice([0.0, -0.0, 1.0, 1e300, -1e300])),
    "heavy tails": lambda rng, n: rng.standard_cauchy(size=n),
    "huge": lambda rng, n: rng.choice([-1e300, 0.0, 1e300], n) * rng.choice([1.0, 1.5], n),
    "wider than a float": lambda rng, n: rng.uniform(-1.0, 1.0, n) * 1.7e308,
    "subnormal": lambda rng, n: np.round(rng.normal(size=n) * 4) * 5e-324,
    "both zeros": lambda rng, n: rng.choice([0.0, -0.0, 1.0], n),
    "outlier": lambda rng, n: np.where(rng.random(n) < 0.05, 1e4, rng.normal(size=n)),
}


def _with_infinities(rng: np.random.Generator, n: int) -> FloatArray:
    return np.where(rng.random(n) < 0.2, rng.choice([-np.inf, np.inf], n), rng.normal(size=n))


ALL = {**FINITE, "infinities": _with_infinities}

numbers = st.floats(allow_nan=False)
finite_numbers = st.floats(allow_nan=False, allow_infinity=False)
samples = st.lists(st.one_of(numbers, st.integers(-3, 3).map(float)), max_size=40).map(
    lambda values: np.array(values, dtype=np.float64)
)
