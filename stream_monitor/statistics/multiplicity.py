"""The level to hold many p-values against, so that few of the alarms among them are false.

Both procedures order the p-values and stop at some place; a p-value is then an alarm if it is at
most the level given here, the same for all of one call.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stream_monitor.statistics.sizes import checked_level


def holm_level(p_values: Sequence[float], alpha: float) -> float:
    """``alpha / (k - r)`` for k p-values of which Holm's procedure rejects r; ``alpha`` if all.

    The chance of any false alarm is at most ``alpha`` whatever the dependence (Holm,
    Scandinavian Journal of Statistics 6, 1979). Never below Bonferroni's ``alpha / k``.

    >>> holm_level([0.5, 0.01, 0.02], 0.05)
    0.05
    """
    ordered = np.sort(np.asarray(p_values, dtype=np.float64))
    k = ordered.size
    passed = ordered <= checked_level(alpha) / np.arange(k, 0, -1)
    rejected = k if passed.all() else int(passed.argmin())
    return alpha / max(k - rejected, 1)


def benjamini_hochberg_level(p_values: Sequence[float], alpha: float) -> float:
    """``alpha · r / k`` for k p-values of which the procedure rejects r; ``alpha / k`` if none.

    Of the alarms a share of at most ``alpha`` is false in the mean, for independent p-values and
    for such as are positively dependent (Benjamini and Hochberg, JRSS B 57, 1995; Benjamini and
    Yekutieli, Annals of Statistics 29, 2001).

    >>> benjamini_hochberg_level([0.5, 0.01, 0.02, 0.03], 0.04)
    0.03
    """
    ordered = np.sort(np.asarray(p_values, dtype=np.float64))
    k = ordered.size
    levels = checked_level(alpha) * np.arange(1, k + 1) / max(k, 1)
    passed = np.flatnonzero(ordered <= levels)
    return alpha * (int(passed[-1]) + 1 if passed.size else 1) / max(k, 1)
