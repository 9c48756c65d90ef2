"""Whether a performance figure is beyond the limits that the settings have for it."""

from __future__ import annotations

from typing import NamedTuple

from stream_monitor.config.settings import PerformanceSettings
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

        Where there is no interval on this side, the bound of the figure counts, else the figure.
        """
        if figure.value is None:
            return False
        value = figure.value
        if certain:
            ends = (figure.upper, figure.most) if self.below else (figure.lower, figure.least)
            value = next((end for end in ends if end is not None), value)
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
