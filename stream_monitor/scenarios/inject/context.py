"""What an injection knows besides the stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stream_monitor.scenarios.generate.stream import Stream
from stream_monitor.scenarios.spec.injections import Injection
from stream_monitor.statistics.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Context:
    """The stream's start, random numbers of the injection's own, and what is usual of a feature.

    ``moments`` gives the mean and the standard deviation of a feature, by its name.
    """

    start_ms: int
    rng: np.random.Generator
    moments: Callable[[str], tuple[float, float]]

    def active(self, injection: Injection, stream: Stream) -> BoolArray:
        """Which rows lie in [at, until), and have the value of each segment in ``where``."""
        since = stream.times - self.start_ms
        found = since >= injection.at_ms
        if injection.until_ms is not None:
            found = found & (since < injection.until_ms)
        for name, value in injection.where.items():
            found = found & (stream.segments[name] == value)
        return found

    def strength(self, injection: Injection, stream: Stream, over_ms: int) -> FloatArray:
        """0 where it is not active; else growing from 0 to 1 over ``over_ms``, at once for 0."""
        since = stream.times - self.start_ms - injection.at_ms
        grown = np.clip(since / over_ms, 0.0, 1.0) if over_ms else np.ones(len(stream))
        return np.where(self.active(injection, stream), grown, 0.0)
