"""What changes in the world: the features themselves, before any model sees them."""

from __future__ import annotations

import numpy as np

from stream_monitor.scenarios.generate.features import categories, wave
from stream_monitor.scenarios.generate.stream import Column, Stream
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.inject.values import like, numbers
from stream_monitor.scenarios.spec.injections import (
    CorrelationBreak,
    Drift,
    GradualDrift,
    NewCategory,
    Seasonal,
)
from stream_monitor.statistics.arrays import FloatArray


def drift(spec: Drift, stream: Stream, context: Context) -> Stream:
    """A feature moved, at once or bit by bit; whole numbers stay whole."""
    over_ms = spec.over_ms if isinstance(spec, GradualDrift) else 0
    strength = context.strength(spec, stream, over_ms)
    column = stream.features[spec.feature]
    if spec.shares is not None:
        moved = _remixed(column, spec.shares, strength, context)
    else:
        mean, sd = context.moments(spec.feature)
        values = numbers(column)
        there = (mean + (values - mean) * spec.scale + spec.shift * sd) * spec.factor
        moved = like(column, values + strength * (there - values))
    return stream.with_feature(spec.feature, moved)


def seasonal(spec: Seasonal, stream: Stream, context: Context) -> Stream:
    """A feature with a cycle on top."""
    column = stream.features[spec.feature]
    _, sd = context.moments(spec.feature)
    height = spec.swing * sd * wave(stream.times, spec.peak_hour, spec.period_ms)
    height = np.where(context.active(spec, stream), height, 0.0)
    return stream.with_feature(spec.feature, like(column, numbers(column) + height))


def correlation_break(spec: CorrelationBreak, stream: Stream, context: Context) -> Stream:
    """A feature's values of the time dealt out anew among its events."""
    rows = np.flatnonzero(context.active(spec, stream))
    column = stream.features[spec.feature].copy()
    column[rows] = column[context.rng.permutation(rows)]
    return stream.with_feature(spec.feature, column)


def new_category(spec: NewCategory, stream: Stream, context: Context) -> Stream:
    """A share of a feature's values replaced by a category that is new."""
    hit = context.active(spec, stream) & (context.rng.random(len(stream)) < spec.share)
    column = stream.features[spec.feature].astype(np.object_)
    column[hit] = spec.category
    return stream.with_feature(spec.feature, column)


def _remixed(
    column: Column, shares: dict[str, float], strength: FloatArray, context: Context
) -> Column:
    """Of each row, with the chance ``strength``, a category of another mix."""
    hit = context.rng.random(len(column)) < strength
    drawn = categories(shares, context.rng.random(len(column)))
    moved = column.copy()
    moved[hit] = (drawn == "true")[hit] if column.dtype == np.bool_ else drawn[hit]
    return moved
