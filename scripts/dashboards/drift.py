"""Which columns have changed, how much, and since when?"""

from __future__ import annotations

from dataclasses import replace

from scripts.dashboards.alerts import open_alerts
from scripts.dashboards.colors import ANY_IS_BAD, GREEN, RED, words
from scripts.dashboards.frame import Board, Row
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import bars, graph, number
from scripts.dashboards.promql import OF_MODEL, age_s, newest, per, recorded
from scripts.dashboards.style import ALARM_AT_1, LIMIT, Query
from stream_monitor.metrics import names

_COLUMN = ("model", "column")
#: Tests whose statistic says how likely a change is, one for each kind of column.
_TESTS = 'monitor=~"ks|chi_square"'
#: Effects on one scale, from 0 to 1: the largest difference of two distributions.
_DISTANCES = 'monitor=~"ks|l_infinity"'
_OF_COLUMNS = 'column!=""'


def drift() -> Board:
    """One model's columns against its reference."""
    return Board(
        "drift",
        "stream-monitor: Drift",
        "Which columns have changed, how much, and since when?",
        (
            _latest(),
            _columns(),
        ),
        many=False,
    )


def _latest() -> Row:
    return Row(
        "The latest window",
        (
            number(
                "Columns drifted",
                "Columns whose deciding verdict is an alarm.",
                "none",
                Query(newest(names.COLUMNS_DRIFTED, OF_MODEL), "drifted"),
                colors=ANY_IS_BAD,
            ),
            number(
                "Columns judged",
                "Columns with enough values to decide on.",
                "none",
                Query(newest(names.COLUMNS_JUDGED, OF_MODEL), "judged"),
            ),
            number(
                "Largest effect",
                "The largest KS distance or L-infinity of a column, from 0 to 1.",
                "none",
                Query(f"max({newest(names.DRIFT_EFFECT, _COLUMN, _DISTANCES)})", "effect"),
                decimals=3,
            ),
            number(
                "Age of the reference",
                "Time since the reference was made that the model is judged by.",
                "s",
                Query(age_s(names.REFERENCE_CREATED, OF_MODEL), "age"),
            ),
            graph(
                "Share of columns drifted",
                "From the limit on the alert StreamMonitorDriftWidespread begins: so many "
                "columns at once have one cause.",
                "percentunit",
                Query(recorded("job_model:stream_monitor_columns_drifted:ratio"), "drifted"),
                limits=(limit("columns_drifted_ratio", "critical"),),
                span=8,
                height=4,
                most=1,
            ),
        ),
    )


def _columns() -> Row:
    return Row(
        "Columns",
        (
            graph(
                "Evidence by column",
                "Powers of ten of the evidence that a column is not the reference's any "
                "more. The limit is the model's: evidence of all columns together is an "
                "alarm there.",
                "none",
                Query(
                    newest(names.EVIDENCE, _COLUMN, 'family="drift"', _OF_COLUMNS),
                    "{{column}}",
                ),
                Query(
                    newest(names.EVIDENCE_THRESHOLD, OF_MODEL, 'family="drift"'),
                    f"{LIMIT}: alarm",
                ),
                span=14,
                height=10,
                listed=True,
            ),
            bars(
                "Drifted",
                "The verdict that decides; a column with too few values is missing.",
                "none",
                Query(f"sort_desc({newest(names.DRIFT_DETECTED, _COLUMN)})", "{{column}}"),
                colors=replace(
                    ANY_IS_BAD, words=words((0, "as before", GREEN), (1, "drifted", RED))
                ),
                most=1,
                span=10,
                height=10,
            ),
            graph(
                "Test statistic as a multiple of its threshold",
                "KS for numbers, chi-square for categories, of each window by itself. "
                "Above 1 the test is in alarm; which verdict decides is set in "
                "drift.decide_numeric and drift.decide_categorical.",
                "none",
                Query(_multiple(), "{{column}}"),
                ALARM_AT_1,
                span=14,
                height=10,
                listed=True,
            ),
            bars(
                "Size of the change",
                "KS distance of numbers, L-infinity of categories, in the latest window: "
                "the largest difference of a cumulated share or a share, from 0 to 1. It "
                "does not depend on the number of events.",
                "none",
                Query(
                    f"sort_desc({newest(names.DRIFT_EFFECT, _COLUMN, _DISTANCES)})",
                    "{{column}}",
                ),
                span=10,
                height=10,
            ),
            open_alerts("drift", height=5),
        ),
    )


def _multiple() -> str:
    by = ("model", "column", "monitor")
    return (
        f"max by (model, column) ({per(names.DRIFT_STATISTIC, names.DRIFT_THRESHOLD, by, _TESTS)})"
    )
