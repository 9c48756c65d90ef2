"""Whether a performance figure is beyond the limits that the settings have for it."""

from __future__ import annotations

from typing import NamedTuple

from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.detectors.figure import Figure


class Limit(NamedTuple):
    """A minimum (``below``: alarm below it) or a maximum of a figure."""

    value: float
    below: bool

    def excess(self, value: float) -> float:
        """How far a value is beyond; negative: how far it is from there."""
        return self.value - value if self.below else value - self.value

    def is_passed(self, figure: Figure, *, certain: bool) -> bool:
        """Whether the figure is beyond; if ``certain``, the whole of its 95 % interval.

        A figure without an interval counts by its bound, or else itself; an interval that has no
        end on this side is never beyond.
        """
        if figure.value is None:
            return False
        value = figure.value
        if certain:
            end, bound = (figure.upper, figure.most) if self.below else (figure.lower, figure.least)
            if end is None and (figure.lower, figure.upper) != (None, None):
                return False
            value = next((known for known in (end, bound) if known is not None), value)
        return self.excess(value) > 0


def limit_of(settings: PerformanceSettings, monitor: str, figure: Figure) -> Limit | None:
    """The limit of a figure by its name; of two the one that it is further beyond, or closer to."""
    found = [
        Limit(value, below)
        for of_side, below in ((settings.min, True), (settings.max, False))
        if (value := getattr(of_side, monitor, None)) is not None
    ]
    middle = 0.0 if figure.value is None else figure.value
    return max(found, key=lambda limit: limit.excess(middle), default=None)
