"""The distributions of a window beside the reference's, small enough for every report.

Both are counts in at most 20 bins that the reference alone decides: runs between its quantiles,
or its most frequent categories. So they add over windows that do not overlap, and say the same
wherever they are computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from stream_monitor.reference.model import CategoricalColumn, NumericColumn, Reference
from stream_monitor.statistics.binned import Cuts, bin_counts, quantile_cuts
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.numeric import NumericSummary

BINS = 20
#: Two bins are kept for the other categories of the reference and for unseen ones.
CATEGORIES = BINS - 2
#: Characters of a category's name; a longer one is cut, since it is only shown.
NAME = 40


def distributions_document(
    columns: Mapping[str, ColumnSummary], reference: Reference | None
) -> dict[str, Any]:
    """By column id: the window's counts and the reference's, in the same bins.

    A numeric column has ``edges`` (k + 1, ascending; the first and the last are the reference's
    least and greatest value, and the outer bins hold what lies beyond, too), a categorical one
    ``categories`` (the reference's most frequent, in this order), after whose counts come those
    of its ``others`` and of ``unseen``. Columns without a value in the reference are left out.
    """
    if reference is None:
        return {}
    told = {}
    for column in reference.columns:
        summary = columns[column.id].distribution
        if isinstance(column, NumericColumn) and isinstance(summary, NumericSummary):
            if column.grid.total:
                told[column.id] = _numeric(column, summary)
        elif isinstance(column, CategoricalColumn) and isinstance(summary, CategoricalSummary):
            told[column.id] = _categorical(column, summary)
    return told


def _numeric(column: NumericColumn, summary: NumericSummary) -> dict[str, Any]:
    cuts = _cuts(column.grid)
    return {
        "edges": [column.minimum, *cuts.edges.tolist(), column.maximum],
        "counts": bin_counts(column.grid, summary.counts, cuts).tolist(),
        "reference": cuts.reference.tolist(),
    }


def _categorical(column: CategoricalColumn, summary: CategoricalSummary) -> dict[str, Any]:
    # Of equally frequent ones the first in the vocabulary, which is frozen.
    places = np.argsort(-column.counts, kind="stable")
    top = _Top(places[:CATEGORIES].tolist(), places[CATEGORIES:].tolist())
    return {
        "categories": [_short(column.categories[place]) for place in top.named],
        "counts": [*top.counts(summary.counts.tolist()), summary.unseen],
        "reference": [*top.counts(column.counts.tolist(), column.other), 0],
    }


class _Top(NamedTuple):
    """The places of a vocabulary that are named, and the others."""

    named: list[int]
    others: list[int]

    def counts(self, counts: list[int], beyond: int = 0) -> list[int]:
        return [*(counts[at] for at in self.named), sum(counts[at] for at in self.others) + beyond]


def _short(name: str) -> str:
    return name if len(name) <= NAME else name[: NAME - 1] + "…"


# Kept as long as the grid itself lives, that is as long as its reference is in use.
_OF_GRID: WeakKeyDictionary[Grid, Cuts] = WeakKeyDictionary()


def _cuts(grid: Grid) -> Cuts:
    if grid not in _OF_GRID:
        _OF_GRID[grid] = quantile_cuts(grid, BINS)
    return _OF_GRID[grid]
