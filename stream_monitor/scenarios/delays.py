"""How late the truth comes: a time for the label of each event, and which never come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream_monitor.events.batch import IntArray

#: The standard deviation of a delay's logarithm: of ten labels eight come between 0.53 and
#: 1.9 medians, of a thousand one after 4.7.
SIGMA = 0.5

#: What a delay is cut to, so that it can be added to any time: a thousand years.
_LONGEST_MS = 3.2e13


@dataclass(frozen=True, slots=True)
class LabelTimes:
    """When the label of each event comes, in ms; where ``comes`` is false it never does."""

    at: IntArray
    comes: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelDelay:
    """Lognormal delays with a median and the sigma :data:`SIGMA`, and a share that never come.

    The delay of event i follows from the seed and i alone: neither from how many events there
    are nor from the share that never come. Raises ValueError for a negative median and for a
    share outside [0, 1].
    """

    median_ms: int
    never: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.median_ms < 0:
            raise ValueError(f"A median delay of {self.median_ms} ms is negative.")
        if not 0 <= self.never <= 1:
            raise ValueError(f"{self.never} is no share of labels; it lies between 0 and 1.")

    def times(self, events: IntArray) -> LabelTimes:
        """Whole milliseconds, none before its event; ``events`` are event times in ms."""
        n = len(events)
        normal = np.random.default_rng((self.seed, 0)).standard_normal(n)
        delays = np.minimum(self.median_ms * np.exp(SIGMA * normal), _LONGEST_MS)
        comes = np.random.default_rng((self.seed, 1)).random(n) >= self.never
        return LabelTimes(events + np.rint(delays).astype(np.int64), comes)
