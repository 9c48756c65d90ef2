"""Values of features: normal scores with the wished correlations, through quantile functions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import special, stats

from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.events.batch import IntArray
from stream_monitor.scenarios.generate.seeds import generator
from stream_monitor.scenarios.generate.stream import Column
from stream_monitor.scenarios.spec.base import Generated
from stream_monitor.scenarios.spec.consistent import correlation_matrix
from stream_monitor.scenarios.spec.features import (
    Beta,
    Boolean,
    Categorical,
    Feature,
    Gamma,
    Lognormal,
    Normal,
    Poisson,
    Uniform,
)
from stream_monitor.statistics.arrays import FloatArray

#: Normal scores of a fine grid of levels, by which the mean and deviation of a feature are told.
_GRID = special.ndtri((np.arange(4_000) + 0.5) / 4_000)


def draw(base: Generated, times: IntArray, seed: int, part: str) -> Mapping[str, Column]:
    """Every feature at the given times (ms); ``part`` names what is drawn: reference, stream."""
    scores = np.array(
        [generator(seed, part, name).standard_normal(len(times)) for name in base.features]
    )
    mixed = np.linalg.cholesky(correlation_matrix(base)) @ scores
    return {
        name: _at(feature, z, times)
        for (name, feature), z in zip(base.features.items(), mixed, strict=True)
    }


def segments(base: Generated, rows: int, seed: int) -> Mapping[str, Column]:
    """The value of each segment for so many rows, whatever their features are: objects."""
    return {
        name: categories(shares, generator(seed, "segment", name).random(rows))
        for name, shares in base.segments.items()
    }


def moments(feature: Feature) -> tuple[float, float]:
    """Mean and standard deviation of a feature's numbers, without its daily cycle."""
    values = np.asarray(_values(feature, _GRID), dtype=np.float64)
    return float(values.mean()), float(values.std()) or 1.0


def wave(times: IntArray, peak_hour: float, period_ms: int = DAY) -> FloatArray:
    """From −1 to 1 and back once a period, 1 at the peak, which is an hour of 1970-01-01 in UTC."""
    angle = 2 * np.pi * (times % period_ms - peak_hour * HOUR) / period_ms
    return np.cos(angle)


def _at(feature: Feature, z: FloatArray, times: IntArray) -> Column:
    values = _values(feature, z)
    if isinstance(feature, Boolean | Categorical):
        return values
    if feature.cycle is not None:
        _, sd = moments(feature)
        values = values + feature.cycle.swing * sd * wave(times, feature.cycle.peak_hour)
    if isinstance(feature, Poisson) and feature.cycle is None:
        return np.rint(values).astype(np.int64)
    return np.round(values, feature.decimals)


def _values(feature: Feature, z: FloatArray) -> Column:
    """The values whose levels are those of normal scores."""
    match feature:
        case Normal(mean=mean, sd=sd, min=least, max=most):
            return np.clip(mean + sd * z, least, most)
        case Lognormal(median=median, sigma=sigma):
            return median * np.exp(sigma * z)
        case Uniform(low=low, high=high):
            return low + (high - low) * special.ndtr(z)
        case Beta(a=a, b=b):
            return special.betaincinv(a, b, special.ndtr(z))
        case Gamma(shape=shape, scale=scale):
            return scale * special.gammaincinv(shape, special.ndtr(z))
        case Poisson(mean=mean):
            return _counts(mean, special.ndtr(z))
        case Boolean(share=share):
            return special.ndtr(z) < share
        case Categorical(shares=shares):
            return categories(shares, special.ndtr(z))


def _counts(mean: float, levels: FloatArray) -> FloatArray:
    """The Poisson quantile of each level, looked up: a search in a table takes a tenth of the time
    that scipy's search for each level takes."""
    most = int(mean + 12 * mean**0.5) + 40  # no double is nearer to 1 than the share below it
    upto = stats.poisson.cdf(np.arange(most), mean)
    return np.searchsorted(upto, levels, side="left").astype(np.float64)


def categories(shares: Mapping[str, float], levels: FloatArray) -> Column:
    """The category that each level from 0 to 1 falls to, in the order of ``shares``: objects."""
    upto = np.cumsum(list(shares.values()))
    places = np.searchsorted(upto / upto[-1], levels, side="right")
    return np.array(list(shares), dtype=np.object_)[np.minimum(places, len(upto) - 1)]
