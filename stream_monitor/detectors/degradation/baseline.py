"""What errors are usual: given, or learned from the first labelled rows."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.residuals import ResidualCounts
from stream_monitor.statistics.grid import Grid

CONFIDENCE = 0.9
"""How sure it is that the usual mean of a learned baseline lies below ``Baseline.upper``."""

_Z = 1.2815515655446004  # the normal quantile of CONFIDENCE
LEAST_DEVIATION = 1e-6
"""The least standard deviation of a regression's baseline, as a share of its mean."""


class Baseline(NamedTuple):
    """The usual mean of a row's error and its standard deviation, known from ``n`` rows.

    A row's error is 0 or 1 (classifiers: ``mean`` is the error rate) or |prediction − truth|.
    ``n`` = 0: known exactly.
    """

    mean: float
    deviation: float
    n: int = 0

    @classmethod
    def of_rate(cls, rate: float, n: int = 0) -> Baseline:
        """The baseline of a classifier with this error rate."""
        return cls(rate, math.sqrt(rate * (1 - rate)), n)

    @classmethod
    def of_residuals(cls, sample: Grid) -> Baseline | None:
        """That of a regression with this sample of errors; ``None`` where it overflows."""
        with np.errstate(over="ignore", invalid="ignore"):
            weights = sample.counts / sample.total
            mean = float((np.abs(sample.points) * weights).sum())
            variance = float((sample.points**2 * weights).sum()) - mean * mean
        if not math.isfinite(variance):
            return None
        return cls(mean, math.sqrt(max(0.0, variance)), sample.total).with_spread()

    def with_spread(self) -> Baseline:
        """With a standard deviation above 0, where all errors were the same."""
        return self._replace(deviation=max(self.deviation, LEAST_DEVIATION * self.mean, 1e-100))

    def upper(self) -> float:
        """The one-sided 90 % upper confidence bound of the mean; the mean itself if n is 0."""
        return self.mean + (_Z * self.deviation / math.sqrt(self.n) if self.n else 0.0)

    def upper_rate(self) -> float:
        """The same bound of an error rate (Wilson, JASA 22, 1927): above 0 for n > 0."""
        if not self.n:
            return self.mean
        z2 = _Z * _Z
        spread = self.mean * (1 - self.mean) * self.n + z2 / 4
        return min(1.0, (self.mean * self.n + z2 / 2 + _Z * math.sqrt(spread)) / (self.n + z2))


class Learning(NamedTuple):
    """The labelled rows that a baseline is learned from, so far."""

    n: int = 0
    errors: int = 0
    absolute: float = 0.0
    squared: float = 0.0
    residuals: ResidualCounts = ResidualCounts()

    def plus(self, pane: PaneErrors) -> Learning:
        """With the rows of one more pane; a pane whose sums have overflown is left out."""
        absolute, squared = self.absolute + pane.absolute, self.squared + pane.squared
        if math.isinf(absolute) or math.isinf(squared):
            return self
        residuals = (
            self.residuals.plus(pane.residuals) if pane.residuals.numbers else self.residuals
        )
        return Learning(self.n + pane.n, self.errors + pane.errors, absolute, squared, residuals)

    def learned(self, *, regression: bool) -> Baseline:
        """The baseline of the n > 0 rows."""
        if not regression:
            return Baseline.of_rate(self.errors / self.n, self.n)
        mean = self.absolute / self.n
        variance = max(0.0, self.squared / self.n - mean * mean)
        return Baseline(mean, math.sqrt(variance), self.n).with_spread()


def given(settings: DegradationSettings, *, regression: bool) -> Baseline | None:
    """The baseline that the settings give, if they do."""
    if not regression:
        error = settings.baseline_error
        return None if error is None else Baseline.of_rate(error)
    mean, deviation = settings.baseline_mean, settings.baseline_deviation
    if mean is None or deviation is None:
        return None
    return Baseline(mean, deviation)
