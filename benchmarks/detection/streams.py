"""The streams: without drift, and with drift at a known event; every one from its seed alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stream_monitor.statistics.arrays import FloatArray

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = 10
REFERENCE = 5_000
BEFORE = 10_000  # events without drift; the drift begins with the next one
GRADUAL = 20_000
ERROR_RATE = 0.10
DAY = 2_400  # events in a day of the daily cycle
HOURS = 24
CYCLE_DAYS = 10  # in the reference of the daily cycle

Rng: TypeAlias = np.random.Generator
Draw: TypeAlias = "Callable[[Rng, int], FloatArray]"


class Stream(NamedTuple):
    """A reference (R, F) and the stream (n, F) that is compared with it."""

    reference: FloatArray
    values: FloatArray


@dataclass(frozen=True)
class Drift:
    """What is drawn before (the reference too) and what after; ``after`` gets (rng, rows)."""

    name: str
    before: Draw
    after: Draw
    horizon: int  # events after the drift within which an alarm has to come


def normal(rng: Rng, rows: int) -> FloatArray:
    return rng.standard_normal((rows, FEATURES))


def _correlated(rng: Rng, rows: int) -> FloatArray:
    common = rng.standard_normal((rows, 1))
    values: FloatArray = np.sqrt(0.9) * common + np.sqrt(0.1) * normal(rng, rows)
    return values


def _zero_inflated(rng: Rng, rows: int) -> FloatArray:
    shape = (rows, FEATURES)
    return np.where(rng.random(shape) < 0.6, 0.0, rng.standard_exponential(shape))


NULL_LAWS: dict[str, Draw] = {
    "normal": normal,
    "cauchy": lambda rng, rows: rng.standard_cauchy((rows, FEATURES)),
    "correlated": _correlated,
    "bernoulli": lambda rng, rows: (rng.random((rows, FEATURES)) < 0.3).astype(np.float64),
    "poisson": lambda rng, rows: rng.poisson(2.0, (rows, FEATURES)).astype(np.float64),
    "geometric": lambda rng, rows: rng.geometric(0.4, (rows, FEATURES)).astype(np.float64),
    "rounded": lambda rng, rows: np.round(2 * normal(rng, rows)) / 2,
    "zero_inflated": _zero_inflated,
}
"""Laws of ten features each: continuous, heavy-tailed, ρ = .9, and five with ties."""


def errors(rate: float) -> Draw:
    """0/1 errors of one model at ``rate``."""
    return lambda rng, rows: (rng.random((rows, 1)) < rate).astype(np.float64)


def _first_by(change: Callable[[FloatArray, Rng], FloatArray]) -> Draw:
    """Ten normal features, the first of which goes through ``change``."""

    def draw(rng: Rng, rows: int) -> FloatArray:
        values = normal(rng, rows)
        values[:, 0] = change(values[:, 0], rng)
        return values

    return draw


def _mean(shift: float) -> Draw:
    return _first_by(lambda column, _: column + shift)


def _scale(factor: float) -> Draw:
    return _first_by(lambda column, _: column * factor)


def _two_modes(column: FloatArray, rng: Rng) -> FloatArray:
    centres = rng.choice(np.array([-0.9, 0.9]), column.size)
    values: FloatArray = centres + np.sqrt(1 - 0.81) * column
    return values


def _dependent(rng: Rng, rows: int) -> FloatArray:
    """The first two features at ρ = .6; each alone is as before."""
    values = normal(rng, rows)
    values[:, 1] = 0.6 * values[:, 0] + 0.8 * values[:, 1]
    return values


def _gradual(column: FloatArray, _: Rng) -> FloatArray:
    return column + 0.5 * np.minimum(np.arange(column.size) / GRADUAL, 1.0)


def cycle(rng: Rng, rows: int) -> FloatArray:
    """All features follow the hour: mean sin(2π·hour / 24), from midnight on."""
    hour = np.arange(rows) % DAY * HOURS // DAY
    return normal(rng, rows) + np.sin(2 * np.pi * hour / HOURS)[:, None]


def _cycle_shifted(rng: Rng, rows: int) -> FloatArray:
    values = cycle(rng, rows)
    values[:, 0] += 0.5
    return values


MARGINAL: tuple[Drift, ...] = (
    Drift("mean_0.1", normal, _mean(0.1), 20_000),
    Drift("mean_0.25", normal, _mean(0.25), 20_000),
    Drift("mean_0.5", normal, _mean(0.5), 20_000),
    Drift("mean_1", normal, _mean(1.0), 20_000),
    Drift("scale_1.25", normal, _scale(1.25), 20_000),
    Drift("scale_1.5", normal, _scale(1.5), 20_000),
    Drift("shape", normal, _first_by(_two_modes), 20_000),
    Drift(
        "shape_exponential",
        normal,
        _first_by(lambda c, rng: rng.exponential(size=c.size) - 1),
        20_000,
    ),
    Drift(
        "shape_laplace",
        normal,
        _first_by(lambda c, rng: rng.laplace(0.0, np.sqrt(0.5), c.size)),
        20_000,
    ),
    Drift("gradual_0.5", normal, _first_by(_gradual), 2 * GRADUAL),
)
"""One of ten features drifts; all the shapes have mean 0 and variance 1, as before."""

ERRORS: tuple[Drift, ...] = tuple(
    Drift(f"error_{rate:g}", errors(ERROR_RATE), errors(rate), 40_000)
    for rate in (0.12, 0.15, 0.2, 0.3)
)
DEPENDENCE = Drift("correlation_0.6", normal, _dependent, 20_000)
CYCLE = Drift("cycle_mean_0.5", cycle, _cycle_shifted, 20_000)


def null_stream(draw: Draw, rows: int, seed: tuple[int, ...], reference: int) -> Stream:
    """A stream of ``rows`` from the law of its own reference; ``seed`` fixes all of it."""
    rng = np.random.default_rng(seed)
    return Stream(draw(rng, reference), draw(rng, rows))


def drift_stream(drift: Drift, seed: tuple[int, ...], reference: int, before: int) -> Stream:
    """``before`` rows as the reference, then ``drift.horizon`` rows after the drift."""
    rng = np.random.default_rng(seed)
    sample, null = drift.before(rng, reference), drift.before(rng, before)
    return Stream(sample, np.concatenate((null, drift.after(rng, drift.horizon))))
