"""How often something took how long, as counts in fixed buckets."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

#: Upper ends in seconds: of a piece of work in a worker's event loop, where a second is an age.
WORK = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
#: Of the way of an event or a window through Kafka and the workers; lag alerts begin at 300.
DELAY = (0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by bucket: at most ``bounds[i]`` and more than the bound before; one more beyond.

    Counts and ``seconds``, their sum, only grow. Those of equal bounds add up.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    seconds: float = 0.0

    @classmethod
    def empty(cls, bounds: tuple[float, ...]) -> Histogram:
        """Nothing seen yet; ``bounds`` are ascending seconds."""
        return cls(bounds, (0,) * (len(bounds) + 1))

    @property
    def count(self) -> int:
        """How many were seen."""
        return sum(self.counts)

    def seen(self, seconds: float) -> Histogram:
        """With one more; less than nothing (two clocks) counts as nothing."""
        took = max(0.0, seconds)
        at = bisect_left(self.bounds, took)
        counts = (*self.counts[:at], self.counts[at] + 1, *self.counts[at + 1 :])
        return replace(self, counts=counts, seconds=self.seconds + took)

    def __add__(self, other: object) -> Histogram:
        """Both together.

        Raises:
            ValueError: their bounds differ.
        """
        if not isinstance(other, Histogram):
            return NotImplemented
        if self.bounds != other.bounds:
            raise ValueError("histograms of different bounds do not add up")
        counts = tuple(map(sum, zip(self.counts, other.counts, strict=True)))
        return Histogram(self.bounds, counts, self.seconds + other.seconds)
