"""What the evidence watches of a model: distributions of columns, and rates of what is wrong.

All share one budget of false alarms. A rate is watched for rises only. ``missing`` is every row
without a value, NaN and ±inf included, since a reference does not tell these apart.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.checks import fresh, unusable
from stream_monitor.detectors.evidence.bins import FeatureBins
from stream_monitor.detectors.evidence.cuts import bins_of_column, bins_of_column_in, bins_of_rate
from stream_monitor.detectors.judge import given_columns, judged_columns
from stream_monitor.detectors.verdict import Family
from stream_monitor.reference.model import Kind, NumericColumn, Reference, ReferenceColumn, Role
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.facts import Facts

#: What each kind of question weighs in the evidence, all its columns together. Drift is what most
#: people look for; to halve a weight delays an alarm by about as much as to halve the budget.
WEIGHTS = {"drift": 0.6, "dependence": 0.1, "rates": 0.3}


class Share(NamedTuple):
    """``bad`` of ``rows`` rows."""

    bad: int
    rows: int


class Rate(NamedTuple):
    """How a rate is counted, and what the reference has of it."""

    of: Callable[[Facts], Share]
    usual: Callable[[ReferenceColumn], Share]


def _usable(column: ReferenceColumn) -> int:
    return column.rows - unusable(column)


def _without(facts: Facts) -> Share:
    return Share(facts.missing + facts.nan + facts.infinite, facts.rows)


MISSING = Rate(_without, lambda column: Share(unusable(column), column.rows))
WRONG_TYPE = Rate(
    lambda facts: Share(facts.wrong_type, facts.rows), lambda column: Share(0, column.rows)
)
OUT_OF_RANGE = Rate(
    lambda facts: Share(facts.out_of_range, facts.usable),
    # Of m rows without ties, the next one is beyond the least or greatest with chance 2 / (m + 1).
    lambda column: Share(2 if _usable(column) > 1 else _usable(column), _usable(column)),
)
UNSEEN = Rate(
    lambda facts: Share(facts.unseen, facts.usable),
    lambda column: Share(min(fresh(column), _usable(column)), _usable(column)),
)
RATES: Mapping[Kind, Mapping[str, Rate]] = {
    Kind.NUMERIC: {"missing": MISSING, "wrong_type": WRONG_TYPE, "out_of_range": OUT_OF_RANGE},
    Kind.CATEGORICAL: {"missing": MISSING, "wrong_type": WRONG_TYPE, "unseen": UNSEEN},
    Kind.BOOLEAN: {"missing": MISSING, "wrong_type": WRONG_TYPE},
}


@dataclass(frozen=True, eq=False)
class Watched:
    """One question: a column's distribution (``rate`` empty), or a rate of it."""

    column: ReferenceColumn
    rate: str
    bins: FeatureBins
    weight: float = 1.0
    by_stratum: Mapping[str, FeatureBins] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """By which its weight is set."""
        if self.rate:
            return "rates"
        return "dependence" if self.column.role is Role.DEPENDENCE else "drift"

    def bins_in(self, stratum: str) -> FeatureBins:
        """The bins in a stratum: its own, if the reference has values of the column there."""
        return self.by_stratum.get(stratum, self.bins)

    @property
    def name(self) -> str:
        """``feature:income``, ``missing:feature:income``."""
        return self.bins.name

    @property
    def family(self) -> Family:
        return Family.QUALITY if self.rate else Family.DRIFT

    @property
    def usual(self) -> Share:
        """What the reference has of the rate."""
        return RATES[self.column.kind][self.rate].usual(self.column)

    def share(self, summary: ColumnSummary) -> Share:
        """What a summary has of the rate."""
        return RATES[self.column.kind][self.rate].of(summary.facts)

    def counts(self, summary: ColumnSummary, pane_ms: int, stratum: str = "") -> IntArray:
        """A pane's counts by bin, int64 (K,)."""
        if self.rate:
            return self.bins.count_rate(*self.share(summary))
        return self.bins_in(stratum).count_summary(summary.distribution, pane_ms)


def watched_of(reference: Reference | None, settings: ModelSettings) -> tuple[Watched, ...]:
    """All that the settings leave to the evidence, in the order of the reference's columns.

    A column without any value in the reference is not watched for drift, nor for what only its
    values could have.
    """
    if reference is None:
        return ()
    found: list[Watched] = []
    for column in judged_columns(reference, settings):
        numeric = isinstance(column, NumericColumn)
        by = settings.drift.decide_numeric if numeric else settings.drift.decide_categorical
        if by == EVIDENCE and _usable(column) > 0:
            bins = bins_of_column(column, reference.hash)
            own = _by_stratum(column, reference, settings)
            found.append(Watched(column, "", bins, by_stratum=own))
    if settings.quality.decide == EVIDENCE:
        for column in given_columns(judged_columns(reference, settings)):
            for name, rate in RATES[column.kind].items():
                usual = rate.usual(column)
                if usual.rows > 0:
                    bins = bins_of_rate(f"{name}:{column.id}", *usual, rises_only=True)
                    found.append(Watched(column, name, bins))
    return _weighted(found)


def strata_of(reference: Reference, settings: ModelSettings) -> tuple[str, ...]:
    """The strata that panes are compared within; none without a season that both know."""
    known = reference.strata
    return () if known is None or known.season != settings.season else known.names


def _by_stratum(
    column: ReferenceColumn, reference: Reference, settings: ModelSettings
) -> dict[str, FeatureBins]:
    names = strata_of(reference, settings)
    of_strata = {} if reference.strata is None else reference.strata.counts_of(column.id, names)
    return {
        stratum: bins_of_column_in(column, counts, reference.hash, stratum)
        for stratum, counts in of_strata.items()
        if counts.any()
    }


def _weighted(found: list[Watched]) -> tuple[Watched, ...]:
    """Weights that add up to 1; what is not asked leaves its part to the rest."""
    asked = Counter(one.kind for one in found)
    total = math.fsum(WEIGHTS[kind] for kind in asked)
    return tuple(replace(one, weight=WEIGHTS[one.kind] / total / asked[one.kind]) for one in found)


def counts_of(
    watched: tuple[Watched, ...],
    columns: Mapping[str, ColumnSummary],
    pane_ms: int,
    stratum: str = "",
) -> dict[str, IntArray]:
    """The counts of all that is watched in a pane; what has no rows is left out."""
    counted = {one.name: one.counts(columns[one.column.id], pane_ms, stratum) for one in watched}
    return {name: counts for name, counts in counted.items() if np.any(counts)}
