"""How far a window is from its reference, season by season: the effect beside the evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from stream_monitor.config.settings import ModelSettings
from stream_monitor.reference.model import NumericColumn, Reference, ReferenceColumn
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.numeric import NumericSummary


def seasonal_effect(
    column: ReferenceColumn,
    strata_counts: Mapping[str, IntArray],
    window: NumericSummary | CategoricalSummary,
    rows_by_stratum: Mapping[str, int],
) -> float:
    """The distance of a window from what its strata together should look like, in [0, 1].

    KS of a numeric column, the greatest difference of a category's share (all that are not in
    the vocabulary are one more) of a categorical one, between the window and the mixture of the
    strata's samples in the proportion of ``rows_by_stratum``, the window's rows in each stratum.
    ``strata_counts`` are ``Strata.counts_of``; a stratum without counts there, or without
    values, counts as the whole reference. With one stratum of all rows, or none, it is
    ``ks_statistic`` and ``l_infinity``.

    ValueError for a window or reference without values, for no rows, and for counts of another
    column; TypeError for a summary of another kind.
    """
    rows = {stratum: n for stratum, n in rows_by_stratum.items() if n}
    if not rows or min(rows.values()) < 0:
        raise ValueError("give the window's rows by stratum, at least one and none below 0")
    whole, counts = _reference_and_window(column, window)
    if not whole.any() or not counts.any():
        raise ValueError(f"{column.id} has no values in the reference or in the window")
    expected = np.zeros(whole.size)
    for stratum, n in rows.items():
        own = strata_counts.get(stratum, whole)
        if own.shape != whole.shape:
            raise ValueError(f"the counts of {stratum!r} are not of {column.id}")
        own = own if own.any() else whole
        expected += own * (n / sum(rows.values()) / int(own.sum()))
    if not isinstance(column, NumericColumn):
        return float(np.abs(counts / counts.sum() - expected).max())
    found = np.cumsum(counts) / counts.sum()
    # The reference is constant from one point to the next: buckets end at a point or before one.
    levels: FloatArray = np.append(0.0, np.cumsum(expected).repeat(2))
    return float(np.abs(found - levels).max())


def season_warnings(reference: Reference | None, settings: ModelSettings) -> tuple[str, ...]:
    """A sentence where the reference has not the strata that the settings ask for."""
    by = settings.season.by
    if reference is None or by == "none":
        return ()
    if reference.strata is not None and reference.strata.season == settings.season:
        return ()
    return (
        f"season.by is {by}, and reference {reference.hash} was built without this season, so all "
        "of it is compared with every pane: build it again with --time-column and this "
        "configuration.",
    )


def _reference_and_window(
    column: ReferenceColumn, window: NumericSummary | CategoricalSummary
) -> tuple[IntArray, IntArray]:
    if isinstance(column, NumericColumn) and isinstance(window, NumericSummary):
        reference, counts, size = column.grid.counts, window.counts, column.grid.buckets
    elif not isinstance(column, NumericColumn) and isinstance(window, CategoricalSummary):
        reference = np.append(column.counts, column.other)
        counts, size = np.append(window.counts, window.unseen), reference.size
    else:
        raise TypeError(f"the summary of {column.id} is not of its kind, {column.kind}")
    if counts.size != size:
        raise ValueError(f"the window is not counted on the reference of {column.id}")
    return reference, counts
