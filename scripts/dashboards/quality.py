"""Is the data that comes in whole, typed and in range?"""

from __future__ import annotations

from scripts.dashboards.alerts import open_alerts
from scripts.dashboards.colors import ANY_IS_BAD, ANY_WARNS, of_limits
from scripts.dashboards.frame import Board, Row
from scripts.dashboards.headlines import EVENTS_LATE, events_late, evidence_for_a_change
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import bars, graph, number
from scripts.dashboards.promql import OF_MODEL, increase, newest, per, rate, recorded
from scripts.dashboards.style import ALARM_AT_1, Query
from stream_monitor.metrics import names

_CHECK = ("model", "column", "check")
_REASON = ("job", "reason")
_LEGEND = "{{column}} {{check}}"


def quality() -> Board:
    """One model's values, and the events that never came to be values."""
    return Board(
        "quality",
        "stream-monitor: Data quality",
        "Is the data that comes in whole, typed and in range? If not: which column, which fault?",
        (
            _latest(),
            _values(),
            _never_values(),
        ),
        many=False,
    )


def _latest() -> Row:
    return Row(
        "The latest window",
        (
            number(
                "Quality score",
                "Share of good values, over all checks.",
                "percentunit",
                Query(newest(names.QUALITY_SCORE, OF_MODEL), "score"),
                decimals=1,
                span=6,
            ),
            number(
                "Checks beyond their threshold",
                "Pairs of column and check with a larger share of bad values than the "
                "threshold of the latest window.",
                "none",
                Query(f"count({_multiple()} > 1) or vector(0)", "checks"),
                colors=ANY_IS_BAD,
                span=6,
            ),
            number(
                "Unknown features",
                "Features that the reference does not have; a lower bound.",
                "none",
                Query(newest(names.UNKNOWN_FEATURES, OF_MODEL), "unknown"),
                colors=ANY_WARNS,
                span=6,
            ),
            number(
                "Events late",
                "Share of the last hour's events that came after their window was judged.",
                "percentunit",
                Query(recorded(EVENTS_LATE), "late"),
                colors=of_limits(limit("events_late_ratio", "warning")),
                decimals=2,
                none="No events",
                span=6,
            ),
        ),
    )


def _values() -> Row:
    return Row(
        "Values",
        (
            graph(
                "Bad values as a multiple of their threshold",
                "For each check the column that is worst. Above 1 it is beyond the "
                "threshold of its window.",
                "none",
                Query(f"max by (model, check) ({_multiple()})", "{{check}}"),
                ALARM_AT_1,
            ),
            bars(
                "Worst checks",
                "The ten pairs of column and check with the largest share of bad values in "
                "the latest window.",
                "percentunit",
                Query(f"topk(10, {newest(names.QUALITY, _CHECK)})", _LEGEND),
                span=12,
            ),
            evidence_for_a_change(),
            open_alerts("quality", span=12, height=8),
        ),
    )


def _never_values() -> Row:
    return Row(
        "What never becomes a value",
        (
            graph(
                "Records rejected",
                "Records that could not be read, by reason, of all models: a record that "
                "cannot be read says no model. They are on the topic dead-letters.",
                "none",
                Query(
                    f"{increase(names.REJECTED, _REASON, '$__rate_interval')} > 0",
                    "{{reason}}",
                ),
                columns=True,
                none="None was rejected",
                span=8,
            ),
            events_late(),
            graph(
                "Events without a reference",
                "Events of the model that came while it had no reference: neither drift "
                "nor most of quality can be judged.",
                "cps",
                Query(rate(names.WITHOUT_REFERENCE, OF_MODEL), "without a reference"),
                span=8,
            ),
        ),
    )


def _multiple() -> str:
    return per(names.QUALITY, names.QUALITY_THRESHOLD, _CHECK)
