"""Which columns carry an alarm: the e-Benjamini–Hochberg procedure over the columns' evidence.

With weights w_j that add up to 1 and F columns, F·w_j·M_j / c are compound e-values, and e-BH at
level 1 (Wang and Ramdas, J. R. Stat. Soc. B 84, 2022) names the k columns of the largest w_j·M_j,
for the largest k whose k-th is at least c / k. So the named ones reach the threshold by themselves.

It keeps the budget of false alarms for the names too. Let the columns that are like their
reference have the weight w in all. If an alarm names some of them, their part of its names is at
most the sum of their w_j·M_j / c, and the mean of that sum is at most w / c for each pane since the
alarm before, whatever the columns' dependence (as for the alarms: if each e has the mean 1 given
the past of all columns). So the parts that are wrong, added up over the alarms of the first T
panes, have a mean of at most w·T / c.
"""

from __future__ import annotations

import numpy as np

from stream_monitor.statistics.arrays import FloatArray

ENOUGH = 0.5
"""Of the mean: the share that the named columns hold if none is named by e-BH."""


def carriers(log_parts: FloatArray) -> int:
    """How many of the columns carry an alarm: the first so many of them.

    ``log_parts``: ln w_j·M_j / c, float64 (F,), in falling order. If only the sum of all has
    reached c, so that e-BH names none, then the fewest columns that hold at least half of it; for
    these there is no guarantee. ValueError for another order.
    """
    if (log_parts[1:] > log_parts[:-1]).any():
        raise ValueError("give the columns in falling order of their evidence")
    named = np.flatnonzero(log_parts + np.log(np.arange(1, log_parts.size + 1)) >= 0.0)
    if named.size:
        return int(named[-1]) + 1
    held = np.exp(log_parts - log_parts[0]).cumsum()
    return int(held.searchsorted(ENOUGH * held[-1])) + 1
