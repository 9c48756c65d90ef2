"""All that is said about one window: every monitor's verdict, in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.drift import judge_drift
from stream_monitor.detectors.latency import judge_latency
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.quality import judge_quality
from stream_monitor.detectors.verdict import Verdict
from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.reference.model import NO_REFERENCE, Reference, ReferenceColumn, Role
from stream_monitor.summaries.model import ModelSummary


def judge(
    summary: ModelSummary, reference: Reference | None, settings: ModelSettings
) -> tuple[Verdict, ...]:
    """Drift, quality, performance and latency of a window, in this order.

    Which verdicts there are, and their order, depends on the reference and the settings only,
    never on the window: what cannot be answered is ``THIN``. Without a reference there is
    nothing to compare with: no drift, and of quality only ``duplicates``. Pure: an equal
    summary gives equal verdicts. All figures are finite, so they can be JSON.

    Raises :class:`UnlikeSummaryError` for a summary of another reference.
    """
    reference_hash = NO_REFERENCE if reference is None else reference.hash
    if summary.fingerprint != reference_hash:
        raise UnlikeSummaryError(
            f"A summary of reference {summary.fingerprint} cannot be judged against "
            f"reference {reference_hash}."
        )
    columns = judged_columns(reference, settings)
    return (
        *judge_drift(summary, columns, reference_hash, settings),
        *judge_quality(summary, given_columns(columns), reference_hash, settings),
        *judge_performance(summary.traffic.total, reference, settings),
        *judge_latency(summary, reference_hash, settings),
    )


def judged_columns(
    reference: Reference | None, settings: ModelSettings
) -> tuple[ReferenceColumn, ...]:
    """The columns of the reference in its order, without the features to ignore.

    A derived column goes with any of its features, or if its own id is to be ignored.
    """
    if reference is None:
        return ()
    ignored = set(settings.ignore)
    return tuple(
        column
        for column in reference.columns
        if ignored.isdisjoint(reference.sources(column))
        and not (column.role is Role.DEPENDENCE and column.id in ignored)
    )


def given_columns(columns: Sequence[ReferenceColumn]) -> tuple[ReferenceColumn, ...]:
    """Those that events carry: a derived column has no quality beside that of its features."""
    return tuple(column for column in columns if column.role is not Role.DEPENDENCE)
