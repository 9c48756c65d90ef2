"""Has a column's distribution moved away from the reference? One verdict for each monitor.

Numeric columns: ``ks``, ``psi``, ``wasserstein``, ``jensen_shannon``; categorical and boolean
ones: ``chi_square``, ``jensen_shannon``, ``l_infinity`` (see :mod:`.findings`). One of them
decides (``settings``), the others are reported beside it with the same level.

The level of a window, ``alpha``, is split over the columns (see :mod:`.correction`). By Bonferroni
or Holm the chance that a window without drift has any deciding verdict in alarm is at most
``alpha`` whatever the dependence between columns, as far as the decider's own null holds (``ks``:
its threshold is 2-8 % conservative). A decider is in alarm if its statistic is above the threshold
*and* its effect is at least ``min_effect`` (without an effect, significance alone decides); the
others if the statistic is above the threshold.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from stream_monitor.config.monitors import EVIDENCE, DriftSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.correction import Decider, applied_level
from stream_monitor.detectors.findings import (
    CATEGORICAL,
    NUMERIC,
    CategoricalCase,
    Finding,
    NumericCase,
)
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.reference.model import CategoricalColumn, NumericColumn, ReferenceColumn, Role
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.numeric import NumericSummary


def judge_drift(
    summary: ModelSummary,
    columns: Sequence[ReferenceColumn],
    reference_hash: str,
    settings: ModelSettings,
) -> tuple[Verdict, ...]:
    """The verdicts of all columns in their order, and of each in the settings' order.

    ``THIN`` without a decision where the window has fewer than ``min_samples`` rows, or the
    column fewer usable values; without any usable value there are no figures either.
    """
    alpha = applied_level(
        settings.drift, len(columns), lambda level: _deciders(summary, columns, settings, level)
    )
    verdicts: list[Verdict] = []
    for column in columns:
        window = summary.columns[column.id].distribution
        n, m = window.n, reference_size(column)
        thin = min(summary.rows, n) < settings.min_samples
        decider = _decider(column, settings.drift)
        for monitor in _monitors(column, settings.drift):
            decides = monitor == decider
            verdict = Verdict(
                family=Family.DRIFT,
                monitor=monitor,
                column=column.id,
                state=State.THIN,
                statistic=None,
                threshold=None,
                p_value=None,
                n=n,
                reference_n=m,
                reference_hash=reference_hash,
                decides=decides,
            )
            if n and m:
                found = _find(monitor, column, window, alpha, settings.drift.bins)
                least = settings.drift.min_effect if decides else 0.0
                verdict = _filled(verdict, found, State.THIN if thin else _state(found, least))
            verdicts.append(verdict)
    return tuple(verdicts)


def _deciders(
    summary: ModelSummary, columns: Sequence[ReferenceColumn], settings: ModelSettings, alpha: float
) -> Iterator[Decider]:
    """What decides of the columns that can be judged."""
    for column in columns:
        window = summary.columns[column.id].distribution
        n, m = window.n, reference_size(column)
        decider = _decider(column, settings.drift)
        judged = decider in _monitors(column, settings.drift)
        if judged and n and m and min(summary.rows, n) >= settings.min_samples:
            found = _find(decider, column, window, alpha, settings.drift.bins)
            yield Decider(decider, found, n, m)


def reference_size(column: ReferenceColumn) -> int:
    """How many values of the reference a window is compared with."""
    if isinstance(column, NumericColumn):
        return column.grid.total
    return int(column.counts.sum()) + column.other


def _find(
    monitor: str,
    column: ReferenceColumn,
    window: NumericSummary | CategoricalSummary,
    alpha: float,
    bins: int,
) -> Finding:
    if isinstance(column, NumericColumn) and isinstance(window, NumericSummary):
        return NUMERIC[monitor](NumericCase(column, window, alpha, bins))
    if isinstance(column, CategoricalColumn) and isinstance(window, CategoricalSummary):
        reference = np.append(column.counts, column.other)
        counts = np.append(window.counts, window.unseen)
        return CATEGORICAL[monitor](CategoricalCase(reference, counts, alpha))
    raise TypeError(f"the summary of {column.id} is not of its kind, {column.kind}")


def _state(found: Finding, min_effect: float) -> State:
    if not found.statistic > found.threshold:
        return State.OK
    matters = found.effect is None or found.effect >= min_effect
    return State.ALARM if matters else State.OK


def _filled(verdict: Verdict, found: Finding, state: State) -> Verdict:
    return replace(
        verdict,
        state=state,
        statistic=_finite(found.statistic),
        threshold=None if math.isinf(found.threshold) else found.threshold,
        p_value=found.p_value,
        least=_finite(found.least),
        most=_finite(found.most),
        effect=_finite(found.effect),
    )


def _finite(value: float | None) -> float | None:
    """A figure that JSON can carry: beyond the largest float, the largest float."""
    return None if value is None else min(value, sys.float_info.max)


def _monitors(column: ReferenceColumn, settings: DriftSettings) -> Sequence[str]:
    """Which are reported; of the many derived columns one, that decides or is listed first."""
    if column.role is Role.DEPENDENCE:
        by = settings.decide_numeric
        return settings.numeric[:1] if by == EVIDENCE else (by,)
    return settings.numeric if isinstance(column, NumericColumn) else settings.categorical


def _decider(column: ReferenceColumn, settings: DriftSettings) -> str:
    """The monitor that decides; none of these where it is the evidence."""
    numeric = isinstance(column, NumericColumn)
    return settings.decide_numeric if numeric else settings.decide_categorical
