"""One number a pane for a regression: how far its mean absolute error is from the usual."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_monitor.detectors.degradation.baseline import Baseline
from stream_monitor.detectors.degradation.panes import PaneErrors

_GRID = 2.0**-16
_LARGEST = 1024.0


@dataclass(frozen=True, slots=True)
class Standardised:
    """(Σ|e| / n − mean) · √n / deviation, within ±1,024 and rounded to 2^-16.

    In control it has mean 0 and variance 1 whatever the pane's size and the truth's unit.
    """

    baseline: Baseline

    def of(self, pane: PaneErrors) -> float:
        """The value of a pane with rows."""
        away = (pane.absolute / pane.n - self.baseline.mean) / self.baseline.deviation
        bounded = max(-_LARGEST, min(_LARGEST, away * math.sqrt(pane.n)))
        return round(bounded / _GRID) * _GRID
