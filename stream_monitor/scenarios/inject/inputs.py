"""What breaks between the world and the model: what the model is given, and the monitor sees."""

from __future__ import annotations

import numpy as np

from stream_monitor.scenarios.generate.stream import Stream
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.inject.values import like, numbers
from stream_monitor.scenarios.spec.injections import DataQuality, FeatureSwap, SchemaBreak


def data_quality(spec: DataQuality, stream: Stream, context: Context) -> Stream:
    """Values in another unit, then far out, then of a wrong type, then missing."""
    active = context.active(spec, stream)
    column = stream.features[spec.feature]
    if spec.unit_change != 1 or spec.outliers:
        values = numbers(column)
        values = np.where(active, values * spec.unit_change, values)
        mean, sd = context.moments(spec.feature)
        out = active & (context.rng.random(len(stream)) < spec.outliers)
        column = like(column, np.where(out, mean + spec.outlier_size * sd, values))
    mistyped = active & (context.rng.random(len(stream)) < spec.type_break)
    gone = active & (context.rng.random(len(stream)) < spec.missing)
    if mistyped.any() or gone.any():
        column = column.astype(np.object_)
        for row in np.flatnonzero(mistyped).tolist():
            value = column[row]
            # A text is of the wrong type for a number; for a category only a list is.
            column[row] = [value] if isinstance(value, str) else str(value)
        column[gone] = None
    return stream.with_feature(spec.feature, column)


def feature_swap(spec: FeatureSwap, stream: Stream, context: Context) -> Stream:
    """Two features with each other's values."""
    one, other = (stream.features[name] for name in spec.features)
    active = context.active(spec, stream)
    if one.dtype != other.dtype and {one.dtype.kind, other.dtype.kind} != {"i", "f"}:
        one, other = one.astype(np.object_), other.astype(np.object_)
    swapped = stream.with_feature(spec.features[0], np.where(active, other, one))
    return swapped.with_feature(spec.features[1], np.where(active, one, other))


def schema_break(spec: SchemaBreak, stream: Stream, context: Context) -> Stream:
    """A feature that is gone, and perhaps there under another name."""
    active = context.active(spec, stream)
    here = stream.features[spec.feature].astype(np.object_)
    there = here.copy()
    here[active], there[~active] = None, None
    broken = stream.with_feature(spec.feature, here)
    return broken if spec.rename is None else broken.with_feature(spec.rename, there)
