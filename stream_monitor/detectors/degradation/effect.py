"""How much the errors have risen, over the newest panes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stream_monitor.config.settings import MAX_PANES
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.terms import Terms

LARGEST_RISE = 1e6
"""The largest relative rise that is told: a mean that was 0, or sums that overflow."""


class Counted(NamedTuple):
    """The rows of a pane and the sum of their errors: wrong ones, or absolute errors."""

    start_ms: int
    n: int
    total: float

    @classmethod
    def of(cls, pane: PaneErrors, *, regression: bool) -> Counted:
        return cls(pane.start_ms, pane.n, pane.absolute if regression else float(pane.errors))


class Measured(NamedTuple):
    """The errors of some panes: the first one's start, their rows, and the rise."""

    first_ms: int
    n: int
    effect: float


def measured(
    newest: Sequence[Counted], begin_ms: int, usual: float, terms: Terms, *, regression: bool
) -> Measured | None:
    """The rise over the panes from ``begin_ms`` on; ``None`` without any pane at all.

    Where these have fewer than ``min_samples`` rows, over the newest panes that have them. The
    rise of an error rate is a difference, that of a mean absolute error is relative to ``usual``,
    so that it has no unit: between 0 − 1 and ``LARGEST_RISE``.
    """
    rows, total, first = 0, 0.0, None
    for pane in reversed(newest):
        if pane.start_ms < begin_ms and rows >= terms.min_samples:
            break
        rows, total, first = rows + pane.n, total + pane.total, pane.start_ms
    if first is None:
        return None
    mean = total / rows
    return Measured(first, rows, _relative(mean, usual) if regression else mean - usual)


def needed(newest: list[Counted], terms: Terms) -> list[Counted]:
    """The panes without those that no later stretch can reach back to; at most 10,001."""
    last, spare, gone = newest[-1].start_ms, sum(pane.n for pane in newest), 0
    for pane in newest[:-1]:
        spare -= pane.n
        old = pane.start_ms <= last - terms.window_ms and spare >= terms.min_samples
        if not old and len(newest) - gone <= MAX_PANES + 1:
            break
        gone += 1
    return newest[gone:]


def _relative(mean: float, usual: float) -> float:
    if mean <= usual:
        return mean / usual - 1 if usual else 0.0
    return min(LARGEST_RISE, mean / usual - 1) if usual else LARGEST_RISE
