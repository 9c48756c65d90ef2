"""What an injection knows besides the stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stream_monitor.events.batch import IntArray
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

    def active(self, injection: Injection, times: IntArray) -> BoolArray:
        """Which rows lie in [at, until)."""
        since = times - self.start_ms
        found = since >= injection.at_ms
        return found if injection.until_ms is None else found & (since < injection.until_ms)

    def strength(self, injection: Injection, times: IntArray, over_ms: int) -> FloatArray:
        """0 outside [at, until); within, growing from 0 to 1 over ``over_ms``, at once for 0."""
        since = times - self.start_ms - injection.at_ms
        grown = np.clip(since / over_ms, 0.0, 1.0) if over_ms else np.ones(len(times))
        return np.where(self.active(injection, times), grown, 0.0)
