"""Which model needs me now?"""

from __future__ import annotations

from scripts.dashboards.alerts import firing, open_alerts
from scripts.dashboards.colors import ANY_IS_BAD, ANY_WARNS, of_columns_drifted, of_limits
from scripts.dashboards.frame import SERIES_MODEL, Board, Row, to_model
from scripts.dashboards.headlines import workers_up
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import bars, graph, number
from scripts.dashboards.promql import OF_MODEL, age_s, newest, per, rate, recorded
from scripts.dashboards.style import Query
from stream_monitor.metrics import names

_OPEN = ("job", "model", "family", "monitor", "column", "severity")
_LINK = to_model("model", "All of this model", SERIES_MODEL)


def _open_now(severity: str) -> str:
    """How many alerts are open, 0 where none is."""
    active = newest(names.ALERT_ACTIVE, _OPEN, f'severity="{severity}"')
    return f"count({active}) or vector(0)"


def fleet() -> Board:
    """All models beside each other."""
    return Board(
        "fleet",
        "stream-monitor: Fleet",
        "Which model needs me now? Follow a model's name or bar to its own dashboard.",
        (
            _now(),
            Row(
                "Alerts",
                (
                    open_alerts(span=14, height=6),
                    firing(span=10, height=6),
                ),
            ),
            _latest(),
            _traffic(),
        ),
    )


def _now() -> Row:
    return Row(
        "Now",
        (
            number(
                "Models",
                "Models that the workers have seen events of, of those chosen above.",
                "none",
                Query(f"count({rate(names.EVENTS, ('model',))})", "models"),
            ),
            number(
                "Critical alerts",
                "Alerts of models that are open and critical.",
                "none",
                Query(_open_now("critical"), "critical"),
                colors=ANY_IS_BAD,
            ),
            number(
                "Warnings",
                "Alerts of models that are open and a warning.",
                "none",
                Query(_open_now("warning"), "warning"),
                colors=ANY_WARNS,
            ),
            workers_up(),
            number(
                "Behind the stream",
                "Event time that the slowest partition is behind the clock; 0 where "
                "everything written is read.",
                "s",
                Query(f"max({recorded('job_topic:stream_monitor_lag_seconds:max')})", "lag"),
                colors=of_limits(limit("lag_seconds", "warning"), limit("lag_seconds", "critical")),
            ),
            number(
                "Events",
                "Prediction and label events taken in, of all chosen models.",
                "cps",
                Query(f"sum({rate(names.EVENTS, OF_MODEL)})", "events"),
                decimals=1,
            ),
        ),
    )


def _latest() -> Row:
    return Row(
        "The latest window of each model",
        (
            bars(
                "Columns drifted",
                "Share of the columns judged that have drifted: orange from one column on, "
                "red from where StreamMonitorDriftWidespread begins.",
                "percentunit",
                Query(
                    recorded("job_model:stream_monitor_columns_drifted:ratio"),
                    "{{model}}",
                ),
                colors=of_columns_drifted(),
                most=1,
                height=6,
                link=_LINK,
            ),
            bars(
                "Worst bad values",
                "The data quality check that is worst, as a multiple of its threshold: in "
                "alarm above 1.",
                "none",
                Query(
                    f"max by (job, model) ({_quality()})",
                    "{{model}}",
                ),
                colors=ANY_IS_BAD,
                most=2,
                height=6,
                link=_LINK,
            ),
            bars(
                "Evidence that performance fell",
                "Powers of ten of the evidence against the model's usual error rate, as a "
                "share of what is an alarm: in alarm from 1 on. Empty without labels.",
                "none",
                Query(
                    f"max by (job, model) ({_degradation()})",
                    "{{model}}",
                ),
                colors=ANY_IS_BAD,
                most=2,
                height=6,
                none="No labels",
                link=_LINK,
            ),
        ),
    )


def _traffic() -> Row:
    return Row(
        "Traffic",
        (
            graph(
                "Events",
                "Prediction and label events taken in of each model.",
                "cps",
                Query(rate(names.EVENTS, OF_MODEL), "{{model}}"),
                link=_LINK,
            ),
            graph(
                "Age of the latest window",
                "Time since the end of the window last judged: a saw-tooth between the "
                "lateness allowed and one slide more. It climbs where nothing is judged.",
                "s",
                Query(age_s(names.WINDOW_END, OF_MODEL), "{{model}}"),
                link=_LINK,
            ),
        ),
    )


def _quality() -> str:
    by = ("job", "model", "column", "check")
    return per(names.QUALITY, names.QUALITY_THRESHOLD, by)


def _degradation() -> str:
    by = ("job", "model", "detector")
    return per(names.DEGRADATION_STATISTIC, names.DEGRADATION_THRESHOLD, by)
