"""The two models of a generated stream: the truth that nobody sees, and the one that is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from stream_monitor.scenarios.generate.features import moments
from stream_monitor.scenarios.generate.seeds import generator
from stream_monitor.scenarios.generate.stream import Column
from stream_monitor.scenarios.spec.base import Generated
from stream_monitor.statistics.arrays import FloatArray

#: A value weighs no more than so many standard deviations, however far out it is.
CLIP = 4.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What the served model says; a regression gives no scores."""

    prediction: Column
    score: FloatArray | None


def linear(
    base: Generated, features: Mapping[str, Column], intercept: float, weights: Mapping[str, float]
) -> FloatArray:
    """Intercept and weights over the features' standard scores; float64 (rows,).

    Log odds of a binary model, a regression's numbers.
    """
    rows = len(next(iter(features.values())))
    total = np.full(rows, float(intercept))
    for name, weight in weights.items():
        mean, sd = moments(base.features[name])
        if name in features:
            total += weight * standard(features[name], mean, sd)
    return total


def standard(column: Column, mean: float, sd: float) -> FloatArray:
    """Standard scores, at most 4 from 0; a value that is no number counts as the mean."""
    if column.dtype == np.object_:
        usable = [v if isinstance(v, int | float) else np.nan for v in column.tolist()]
        column = np.array(usable, dtype=np.float64)
    z = (column.astype(np.float64) - mean) / sd
    return np.clip(np.where(np.isfinite(z), z, 0.0), -CLIP, CLIP)


def truth(base: Generated, given: FloatArray, seed: int, part: str) -> Column:
    """What is true of each row: its class (objects), or its number (float64)."""
    rng = generator(seed, part, "truth")
    if base.task == "regression":
        noise = base.truth.noise * rng.standard_normal(len(given))
        return np.round(given + noise, base.decimals)
    return _classes(base, rng.random(len(given)) < special.expit(given))


def serve(base: Generated, features: Mapping[str, Column]) -> Answers:
    """The served model's answers to what it is given."""
    served = base.served
    found = linear(base, features, served.intercept, served.weights)
    if base.task == "regression":
        return Answers(np.round(found, base.decimals), None)
    score: FloatArray = np.round(special.expit(found), 6)
    return Answers(_classes(base, np.asarray(score >= served.threshold)), score)


def _classes(base: Generated, positive: Column) -> Column:
    return np.array(base.classes, dtype=np.object_)[positive.astype(np.int64)]
