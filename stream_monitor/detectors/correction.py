"""Many columns, one level: what level each column's test of a window gets.

Bonferroni and ``none`` know it beforehand. Holm and Benjamini-Hochberg order the p-values of the
deciding verdicts of the window. A column that cannot be judged has no part, and one whose effect is
below the smallest that matters counts with a p-value of 1, as it cannot be an alarm whatever its
evidence. A p-value only grows by that, so what the procedures promise holds for the alarms
themselves, not for all that is significant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from stream_monitor.config.monitors import DriftSettings
from stream_monitor.detectors.findings import Finding
from stream_monitor.statistics.ks import ks_p_value
from stream_monitor.statistics.multiplicity import benjamini_hochberg_level, holm_level


class Decider(NamedTuple):
    """What the deciding monitor found in a column; ``n`` and ``m`` values on the two sides."""

    monitor: str
    found: Finding
    n: int
    m: int

    @property
    def p_value(self) -> float:
        """The p-value whose inverse the monitor's threshold is.

        That of ``ks`` is not the one reported: its threshold is of the law that is conservative.
        """
        if self.monitor == "ks":
            return ks_p_value(self.found.statistic, self.n, self.m)
        return self.found.p_value


def applied_level(
    settings: DriftSettings, columns: int, deciders: Callable[[float], Iterable[Decider]]
) -> float:
    """The level that all tests of a window get.

    ``columns`` is how many may decide; ``deciders(alpha)`` finds those that can be judged, and
    is asked only where their p-values matter.
    """
    if settings.correction == "none":
        return settings.alpha
    if settings.correction == "bonferroni":
        return settings.alpha / max(columns, 1)
    counted = [_counted(decider, settings) for decider in deciders(settings.alpha)]
    if settings.correction == "holm":
        return holm_level(counted, settings.alpha)
    return benjamini_hochberg_level(counted, settings.alpha)


def _counted(decider: Decider, settings: DriftSettings) -> float:
    effect = decider.found.effect
    return 1.0 if effect is not None and effect < settings.min_effect else decider.p_value
