"""What is wrong with this model, and since when?"""

from __future__ import annotations

from scripts.dashboards.alerts import open_alerts
from scripts.dashboards.colors import GREEN, RED, Colors, of_columns_drifted, words
from scripts.dashboards.frame import Board, Row
from scripts.dashboards.headlines import evidence_for_a_change, on_labelled_events
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import graph, number
from scripts.dashboards.promql import OF_MODEL, age_s, increase, newest, per, rate, recorded
from scripts.dashboards.style import ALARM_AT_1, LIMIT, Query
from stream_monitor.metrics import names

_STATUS = ("model", "status")


def model() -> Board:
    """One model: drift, quality, performance and latency on one page."""
    return Board(
        "model",
        "stream-monitor: Model",
        "What is wrong with this model, and since when? Each part has a dashboard of its own.",
        (
            _latest(),
            Row("Alerts", (open_alerts(height=5),)),
            _data(),
            _outcome(),
        ),
        many=False,
    )


def _latest() -> Row:
    return Row(
        "The latest window",
        (
            number(
                "Verdict",
                "Of the latest window judged; thin: too few events to judge.",
                "none",
                Query(_verdict(), "verdict"),
                colors=Colors(
                    words=words((0, "thin", "text"), (1, "ok", GREEN), (2, "alarm", RED))
                ),
            ),
            number(
                "Columns drifted",
                "Share of the columns judged that have drifted: orange from one column on, "
                "red from where StreamMonitorDriftWidespread begins.",
                "percentunit",
                Query(recorded("job_model:stream_monitor_columns_drifted:ratio"), "drifted"),
                colors=of_columns_drifted(),
            ),
            number(
                "Quality score",
                "Share of good values in the latest window, over all checks.",
                "percentunit",
                Query(newest(names.QUALITY_SCORE, OF_MODEL), "score"),
                decimals=1,
            ),
            number(
                "Events with a label",
                "Share of the latest window's events that have a label; it grows as labels come.",
                "percentunit",
                Query(newest(names.COVERAGE, OF_MODEL), "labelled"),
                none="No labels",
            ),
            number(
                "Age of the window",
                "Time since the end of the latest window judged.",
                "s",
                Query(age_s(names.WINDOW_END, OF_MODEL), "age"),
            ),
            number(
                "Events",
                "Prediction and label events taken in.",
                "cps",
                Query(rate(names.EVENTS, OF_MODEL), "events"),
                decimals=1,
            ),
        ),
    )


def _data() -> Row:
    return Row(
        "Drift and quality",
        (
            evidence_for_a_change(),
            graph(
                "Columns drifted",
                "Columns that have drifted and columns that could be judged in the latest window.",
                "none",
                Query(newest(names.COLUMNS_DRIFTED, OF_MODEL), "drifted"),
                Query(newest(names.COLUMNS_JUDGED, OF_MODEL), "judged"),
            ),
            graph(
                "Worst bad values",
                "For each check the column that is worst, as a multiple of the threshold: "
                "in alarm above 1.",
                "none",
                Query(_quality(), "{{check}}"),
                ALARM_AT_1,
            ),
            graph(
                "Events of the window",
                "Events in the latest window, and those of them that have a label. Dashed: "
                "fewer events are an alarm, where quality.min_rows is set.",
                "short",
                Query(newest(names.WINDOW_ROWS, OF_MODEL), "events"),
                Query(newest(names.WINDOW_LABELLED, OF_MODEL), "with a label"),
                Query(newest(names.WINDOW_ROWS_THRESHOLD, OF_MODEL), f"{LIMIT}: events"),
            ),
        ),
    )


def _outcome() -> Row:
    return Row(
        "Performance and latency",
        (
            on_labelled_events("Performance on labelled events"),
            graph(
                "Latency of predictions",
                "Quantiles over the latest window, as the model server reports them. "
                "Dashed: what the 99th percentile is in alarm above (latency.max_p99).",
                "s",
                Query(newest(names.LATENCY, ("model", "quantile")), "q {{quantile}}"),
                Query(newest(names.LATENCY_THRESHOLD, OF_MODEL), f"{LIMIT}: q 0.99"),
            ),
            graph(
                "Windows with too few events",
                "In 6 hours. Above the limit, and with no window that had enough, "
                "StreamMonitorWindowsThin begins.",
                "none",
                Query(increase(names.WINDOWS, OF_MODEL, "6h", 'status="thin"'), "thin"),
                limits=(limit("windows_thin", "warning"),),
            ),
            graph(
                "Alerts that began and ended",
                "What was said of alerts of the model.",
                "none",
                Query(
                    f"{increase(names.ALERTS, _STATUS, '$__rate_interval')} > 0",
                    "{{status}}",
                ),
                columns=True,
                none="No alert began or ended",
            ),
        ),
    )


def _quality() -> str:
    by = ("model", "column", "check")
    worst = per(names.QUALITY, names.QUALITY_THRESHOLD, by)
    return f"max by (model, check) ({worst})"


def _verdict() -> str:
    """0 thin, 1 ok, 2 alarm."""
    alarm = newest(names.WINDOW_STATUS, OF_MODEL, 'status="alarm"')
    ok = newest(names.WINDOW_STATUS, OF_MODEL, 'status="ok"')
    return f"2 * {alarm} + {ok}"
