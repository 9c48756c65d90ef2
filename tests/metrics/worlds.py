"""A snapshot with everything in it, its reports made by the real pipeline."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from stream_monitor.config.limits import MaximumSettings, MinimumSettings
from stream_monitor.config.monitors import (
    LatencySettings,
    PerformanceSettings,
    QualitySettings,
)
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.degradation.verdicts import PREFIX, degradation_verdicts
from stream_monitor.joining.pending import Outcome
from stream_monitor.metrics.histogram import WORK, Histogram
from stream_monitor.metrics.label_view import HeldView, JoinerView, LabelsView
from stream_monitor.metrics.snapshot import (
    ApiView,
    NotifiedView,
    OpenAlert,
    PartitionView,
    RedisView,
    ReferenceView,
    Snapshot,
    WorkerState,
)
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.pipeline.report import verdict_document
from stream_monitor.reference.registry import References
from tests.pipeline.events import EPOCH_MS, SETTINGS, Event, log, reference

Report = Mapping[str, Any]

NOW_MS = EPOCH_MS + 600_000
HOSTILE = 'quo"te\\back\nline\ttab\x00nul\u2028é\ud800'


@cache
def reports() -> tuple[Report, ...]:
    """The reports of two minutes of model ``m``, all of whose ``x`` have drifted.

    Labels came with the events; their delays are put in: an hour. So are the detectors of
    degradation: one in alarm, one that has none, one that still learns.
    """
    judged = SETTINGS.defaults.model_copy(
        update={
            "performance": PerformanceSettings(
                min=MinimumSettings(accuracy=0.9, f1=0.9), max=MaximumSettings(log_loss=0.5)
            ),
            "quality": QualitySettings(min_rows=10),
            "latency": LatencySettings(quantiles=(0.5, 0.99, 0.999), max_p99_ms=10.0),
        }
    )
    engine = LocalEngine(SETTINGS.model_copy(update={"defaults": judged}), References(reference()))
    events = [
        Event(
            at_ms=i * 500,
            x=9.0 if i % 10 else None,
            c="abc"[i % 3],
            prediction="01"[i % 2],
            truth="01"[i % 3 % 2],
            id=str(i),
            version="12"[i % 5 == 0],
        )
        for i in range(240)
    ]
    said = [*engine.feed(0, log(events)), *engine.finish()]
    return tuple(
        _degraded(_an_hour_late(each.document)) for each in said if each.stream is Stream.REPORTS
    )


def _an_hour_late(report: Mapping[str, Any]) -> Report:
    verdicts = [
        {**each, "statistic": 3600.0} if each["monitor"].startswith("delay_p") else each
        for each in report["verdicts"]
    ]
    return {**report, "verdicts": verdicts}


def degradation(start_ms: int, end_ms: int) -> list[Mapping[str, Any]]:
    """The verdicts of three detectors: alarm, ok, learning."""
    settings = SETTINGS.defaults
    chosen = settings.performance.degradation.model_copy(
        update={"detectors": ("cusum", "ddm", "adwin")}
    )
    performance = settings.performance.model_copy(update={"degradation": chosen})
    verdicts = degradation_verdicts(
        {"cusum": (start_ms,)},
        {
            "cusum": Standing(statistic=0.0, threshold=12.5, design="bernoulli"),
            "ddm": Standing(statistic=1.5, threshold=3.0),
            "adwin": Standing(learning=True),
        },
        start_ms,
        end_ms,
        120,
        settings.model_copy(update={"performance": performance}),
        "0123456789abcdef",
    )
    return [verdict_document(verdict) for verdict in verdicts]


def _degraded(report: Report) -> Report:
    window = report["window"]
    others = [each for each in report["verdicts"] if not each["monitor"].startswith(PREFIX)]
    more = degradation(window["start_ms"], window["end_ms"])
    return {**report, "verdicts": [*others, *more]}


def labels(**changes: Any) -> LabelsView:
    """Labels of model ``m`` in every state."""
    values: dict[str, Any] = {
        "records": 90,
        "labels": {"m": 85},
        "rejected": {"missing_field": 5},
        "without_id": {"m": 7},
        "outcomes": {
            ("m", Outcome.JOINED): 60,
            ("m", Outcome.UNMATCHED): 12,
            ("m", Outcome.REPEATED): 3,
            ("m", Outcome.CONTRADICTED): 2,
        },
        "slots": 14,
        "too_late": {"m": 4},
        "revisions": {"m": 6},
        "joiners": (JoinerView(0, False, 4_096), JoinerView(3, True, 512)),
        "held": {"m": HeldView(200, 50, 8, 16_000)},
    }
    return LabelsView(**(values | changes))


def verdict(report: Report, family: str, monitor: str, column: str = "") -> Mapping[str, Any]:
    """The one verdict of a report about this."""
    (found,) = (
        each
        for each in report["verdicts"]
        if (each["family"], each["monitor"], each["column"]) == (family, monitor, column)
    )
    return dict(found)


def took(count: int, seconds: float) -> Histogram:
    """So many pieces of work that took so long in all, each as long as the others."""
    histogram = Histogram.empty(WORK)
    for _ in range(count):
        histogram = histogram.seen(seconds / count)
    return histogram


def evidence(report: Report) -> Report:
    """With the evidence of the whole model and of a column, and that of quality."""
    made = [
        {
            "family": family,
            "monitor": "evidence",
            "column": column,
            "state": "alarm",
            "decides": not column,
            "statistic": 7.5,
            "threshold": 3.9,
        }
        for family, column in (("drift", ""), ("drift", "feature:x"), ("quality", ""))
    ]
    return {**report, "verdicts": [*report["verdicts"], *made]}


def busy(**changes: Any) -> Snapshot:
    """A running worker that has seen something of everything."""
    values: dict[str, Any] = {
        "state": WorkerState.RUNNING,
        "state_since_ms": NOW_MS - 50_000,
        "started_ms": NOW_MS - 60_000,
        "as_of_ms": NOW_MS,
        "records": 260,
        "events": {"m": 240, HOSTILE: 3},
        "without_reference": {HOSTILE: 3},
        "rejected": {"not_json": 17},
        "dropped": {"open_panes": 2, "new_limit": 1},
        "slots_received": 30,
        "repeated": 4,
        "late": {"m": 5},
        "windows": {("m", "alarm"): 6, ("m", "thin"): 1},
        "alerts": {("m", "started"): 2, ("m", "escalated"): 1},
        "rebalances": 3,
        "errors": 1,
        "emits": took(60, 0.5),
        "handles": took(12, 1.25),
        "label_emits": took(10, 0.25),
        "label_handles": took(9, 0.75),
        "labels": labels(),
        "open_alerts": (
            OpenAlert("m", "drift", "ks", "feature:x", "critical"),
            OpenAlert("m", "quality", "missing", "feature:x", "warning"),
        ),
        "notified": (NotifiedView("http://alertmanager:9093", 7, 5, 2, 1, 3),),
        "redis": RedisView("redis://redis:6379/0", True, 40, 2, 1, 3),
        "api": ApiView(
            {("/monitor/drift", 200): 40, ("", 404): 2, ("/monitor/predict", 429): 3},
            took(42, 0.5),
            5,
            {"evicted": 4},
        ),
        "view_dropped": {"windows": 3, "alerts": 0, "models": 0},
        "peers": {"answered": 5, "unreachable": 1},
        "partitions": (
            PartitionView("predictions", 0, 240, 128, 260, EPOCH_MS + 120_000),
            PartitionView("predictions", 1, 20, 0, 20, EPOCH_MS + 100_000),
            PartitionView("predictions", 2),
        ),
        "watermarks": {"m": EPOCH_MS + 90_000},
        "references": {"m": ReferenceView("0123456789abcdef", EPOCH_MS - 1_000, 0.1)},
        "reports": {"m": evidence(reports()[-1])},
        "last_error": "a message on the summaries topic is damaged",
        "last_error_ms": NOW_MS - 1_000,
    }
    return Snapshot(**(values | changes))
