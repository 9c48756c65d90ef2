"""How far a column has moved: effects that chance alone keeps near 0, whatever the sample.

Evidence says that something has changed, an effect how much. Two samples of the same distribution
differ too; the mean of the squared difference under the null is taken off: of the squared KS
distance π²/12 · (1/n + 1/m), of a share p at most 2 p (1 − p) (1/n + 1/m), the largest of several
being a little more than one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from stream_monitor.detectors.findings import (
    CATEGORICAL,
    NUMERIC,
    CategoricalCase,
    NumericCase,
)
from stream_monitor.detectors.watched import Watched
from stream_monitor.reference.model import NumericColumn
from stream_monitor.statistics.categorical import l_infinity
from stream_monitor.statistics.ks import ks_statistic
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.numeric import NumericSummary

KS_SQUARED = math.pi**2 / 12
"""n · E D² of n values of a continuous distribution against it, as n grows."""

_LEVEL = 0.5  # of thresholds that nothing here looks at


class Effect(NamedTuple):
    """The effect that decides, and other measures of the same change by name."""

    size: float
    n: int
    others: tuple[tuple[str, float], ...] = ()


#: What an effect is measured by instead of the distance from the whole reference.
Distance = Callable[[Watched, ColumnSummary], float]


def effect_of(
    watched: Watched,
    summary: ColumnSummary,
    bins: int,
    distance: Distance | None = None,
    *,
    measures: bool = True,
) -> Effect | None:
    """The effect in some rows of a column; ``None`` without any. ``measures``: others as well.

    Numeric: the KS distance, and as others ks as it is, wasserstein in standard deviations of the
    reference, psi less its null bias. Categorical: the largest change of a share, and as others
    l_infinity and jensen_shannon. A rate: its rise.
    """
    found: dict[str, float | None]
    if watched.rate:
        return _rise(watched, summary)
    window, column = summary.distribution, watched.column
    if not window.n:
        return None
    if isinstance(column, NumericColumn) and isinstance(window, NumericSummary):
        case = NumericCase(column, window, _LEVEL, bins)
        names = ("wasserstein", "psi") if measures else ()
        found = {"ks": ks_statistic(column.grid, window.counts)}
        found |= {name: NUMERIC[name](case).effect for name in names}
        d = found["ks"] if distance is None else distance(watched, summary)
        size = _less((d or 0.0) ** 2, KS_SQUARED * (1 / case.n + 1 / case.m))
    else:
        assert not isinstance(column, NumericColumn)
        assert not isinstance(window, NumericSummary)
        reference = np.append(column.counts, column.other)
        counts = np.append(window.counts, window.unseen)
        of_counts = CategoricalCase(reference, counts, _LEVEL)
        found = {"l_infinity": l_infinity(reference, counts)}
        if measures:
            found["jensen_shannon"] = CATEGORICAL["jensen_shannon"](of_counts).effect
        m = int(reference.sum())
        change = np.abs(counts / window.n - reference / m)
        pooled = float(((counts + reference) / (window.n + m))[int(change.argmax())])
        d = found["l_infinity"] if distance is None else distance(watched, summary)
        size = _less((d or 0.0) ** 2, 2 * pooled * (1 - pooled) * (1 / window.n + 1 / m))
    others = tuple((name, value) for name, value in found.items() if value is not None)
    return Effect(size, window.n, others)


def _rise(watched: Watched, summary: ColumnSummary) -> Effect | None:
    bad, rows = watched.share(summary)
    usual = watched.usual
    if not rows:
        return None
    rise = max(0.0, bad / rows - usual.bad / usual.rows)
    pooled = (bad + usual.bad) / (rows + usual.rows)
    size = _less(rise**2, pooled * (1 - pooled) * (1 / rows + 1 / usual.rows))
    return Effect(size, rows, (("share", bad / rows), ("rise", rise)))


def _less(squared: float, by_chance: float) -> float:
    return math.sqrt(max(0.0, squared - by_chance))
