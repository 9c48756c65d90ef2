"""What goes wrong with the answers of the model that is served."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stream_monitor.errors import DataError
from stream_monitor.scenarios.generate.stream import Stream
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.inject.values import like, numbers
from stream_monitor.scenarios.spec.injections import CanaryRegression, RegressionBias


def canary_regression(spec: CanaryRegression, stream: Stream, context: Context) -> Stream:
    """A share of the events answered by another version, some of them with another's answer.

    Answers are dealt out anew among the canary's events, so that scores are distributed as ever
    and only the truth can tell.
    """
    active = context.active(spec, stream)
    canary = active & (context.rng.random(len(stream)) < spec.share)
    wrong = np.flatnonzero(canary & (context.rng.random(len(stream)) < spec.error))
    order = np.arange(len(stream))
    order[wrong] = context.rng.permutation(wrong)
    usual = np.full(len(stream), "v1", dtype=np.object_)
    version = (usual if stream.version is None else stream.version).copy()
    version[canary] = spec.version
    return replace(
        stream,
        version=version,
        prediction=None if stream.prediction is None else stream.prediction[order],
        score=None if stream.score is None else stream.score[order],
    )


def regression_bias(spec: RegressionBias, stream: Stream, context: Context) -> Stream:
    """Answers that are numbers, times a factor and higher by a bias.

    Raises DataError where no answer is a number.
    """
    column = stream.prediction
    if column is None or column.dtype == np.bool_ or not np.isfinite(numbers(column)).any():
        raise DataError("regression_bias needs predictions that are numbers, and there are none.")
    if column.dtype == np.int64:
        column = column.astype(np.float64)
    values = numbers(column)
    biased = np.where(context.active(spec, stream), values * spec.factor + spec.bias, values)
    return replace(stream, prediction=like(column, biased))
