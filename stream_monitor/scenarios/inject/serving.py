"""What goes wrong with the answers of the model that is served."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stream_monitor.scenarios.generate.stream import Stream
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.spec.injections import CanaryRegression


def canary_regression(spec: CanaryRegression, stream: Stream, context: Context) -> Stream:
    """A share of the events answered by another version, some of them with another's answer.

    Answers are dealt out anew among the canary's events, so that scores are distributed as ever
    and only the truth can tell.
    """
    active = context.active(spec, stream.times)
    canary = active & (context.rng.random(len(stream)) < spec.share)
    wrong = np.flatnonzero(canary & (context.rng.random(len(stream)) < spec.error))
    order = np.arange(len(stream))
    order[wrong] = context.rng.permutation(wrong)
    version = np.full(len(stream), "v1", dtype=np.object_)
    version = (version if stream.version is None else stream.version).copy()
    version[canary] = spec.version
    return replace(
        stream,
        version=version,
        prediction=None if stream.prediction is None else stream.prediction[order],
        score=None if stream.score is None else stream.score[order],
    )
