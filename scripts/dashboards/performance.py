"""Is the model still right, and how much of the truth is known?"""

from __future__ import annotations

from scripts.dashboards.alerts import open_alerts
from scripts.dashboards.colors import of_limits
from scripts.dashboards.frame import Board, Row
from scripts.dashboards.headlines import on_labelled_events
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import Panel, graph, number
from scripts.dashboards.promql import OF_MODEL, newest, per, rate, recorded, total
from scripts.dashboards.style import ALARM_AT_1, LIMIT, Query
from stream_monitor.metrics import names

_METRIC = ("model", "metric")
_ACCURACY = 'metric="accuracy"'


def performance() -> Board:
    """One model against its labels, and the labels on their way to their predictions."""
    return Board(
        "performance",
        "stream-monitor: Performance and labels",
        "Is the model still right, and how much of the truth is known?",
        (
            _latest(),
            _performance(),
            _labels(),
        ),
        many=False,
    )


def _latest() -> Row:
    return Row(
        "The latest window",
        (
            number(
                "Accuracy",
                "On the labelled events of the latest window; empty for a regression.",
                "percentunit",
                Query(newest(names.PERFORMANCE, OF_MODEL, _ACCURACY), "accuracy"),
                decimals=1,
                none="No labels",
            ),
            number(
                "Accuracy, estimated",
                "What the scores promise, on all events and without labels.",
                "percentunit",
                Query(
                    newest(names.PERFORMANCE, OF_MODEL, 'metric="estimated_accuracy"'),
                    "estimated",
                ),
                decimals=1,
                none="No scores",
            ),
            number(
                "Events with a label",
                "Share of the latest window's events that have a label.",
                "percentunit",
                Query(newest(names.COVERAGE, OF_MODEL), "labelled"),
                none="No labels",
            ),
            number(
                "Delay of labels",
                "Event time from a prediction to its label, in the median.",
                "s",
                Query(newest(names.LABEL_DELAY, OF_MODEL, 'quantile="0.5"'), "median"),
                none="No labels",
            ),
            number(
                "Labels without a prediction",
                "Share of the labels of the last 6 hours that met no prediction.",
                "percentunit",
                Query(_of_labels("unmatched"), "unmatched"),
                colors=of_limits(limit("labels_unmatched_ratio", "warning")),
                none="No labels",
            ),
            number(
                "Labels waiting",
                "Labels held whose prediction has not come.",
                "short",
                Query(total(names.WAITING, OF_MODEL), "waiting"),
                none="None held",
            ),
        ),
    )


def _performance() -> Row:
    return Row(
        "Performance",
        (
            on_labelled_events("On labelled events"),
            graph(
                "Estimated from the scores",
                "On all events, without labels, if the scores are as well calibrated as in "
                "the reference. Compare with the figures on labelled events.",
                "percentunit",
                Query(
                    newest(names.PERFORMANCE, _METRIC, 'metric=~"estimated_.+"'),
                    "{{metric}}",
                ),
                least=None,
            ),
            graph(
                "Errors with a unit",
                "Log loss in nats, errors of a regression in the unit of the truth, mcc, "
                "r2 and mape. Dashed: what the figure is in alarm beyond, if that is set.",
                "none",
                Query(newest(names.PERFORMANCE_VALUE, _METRIC), "{{metric}}"),
                Query(
                    newest(names.PERFORMANCE_VALUE_THRESHOLD, _METRIC),
                    f"{LIMIT}: {{{{metric}}}}",
                ),
                least=None,
                span=8,
            ),
            graph(
                "Detectors of degradation",
                "Where each detector stands, as a multiple of its threshold: in alarm "
                "from 1 on. It compares the errors with those the model usually makes.",
                "none",
                Query(
                    per(
                        names.DEGRADATION_STATISTIC,
                        names.DEGRADATION_THRESHOLD,
                        ("model", "detector"),
                    ),
                    "{{detector}}",
                ),
                ALARM_AT_1,
                span=8,
            ),
            graph(
                "Recall of each class",
                "Of the labelled events of a class the share that was predicted so.",
                "percentunit",
                Query(
                    newest(names.PERFORMANCE_OF_CLASS, ("model", "class"), 'metric="recall"'),
                    "class {{class}}",
                ),
                span=8,
                most=1,
            ),
            graph(
                "Versions beside the champion",
                "The evidence that a version is worse than the champion, in powers of ten, "
                "over all events of both so far. Dashed: in alarm from there on.",
                "none",
                Query(newest(names.VERSION_EVIDENCE, ("model", "version")), "version {{version}}"),
                Query(newest(names.VERSION_EVIDENCE_THRESHOLD, OF_MODEL), f"{LIMIT}: alarm"),
                none="One version",
                least=None,
                span=12,
            ),
            graph(
                "Rise of a version's errors",
                "How much higher the error rate of a version is than the champion's; of a "
                "regression its mean absolute error, as a share of the champion's.",
                "percentunit",
                Query(newest(names.VERSION_RISE, ("model", "version")), "version {{version}}"),
                none="One version",
                least=None,
                span=12,
            ),
            graph(
                "Accuracy, and how sure it is",
                "The 95 % interval on the labelled events of the latest window, beside the "
                "accuracy that the model had on its reference.",
                "percentunit",
                Query(newest(names.PERFORMANCE, OF_MODEL, _ACCURACY), "accuracy"),
                Query(newest(names.PERFORMANCE_LOWER, OF_MODEL, _ACCURACY), "from"),
                Query(newest(names.PERFORMANCE_UPPER, OF_MODEL, _ACCURACY), "to"),
                Query(f"1 - {newest(names.REFERENCE_ERROR, OF_MODEL)}", "on the reference"),
                least=None,
            ),
            open_alerts("performance", span=12, height=8),
        ),
    )


def _labels() -> Row:
    return Row(
        "Labels",
        (
            graph(
                "Events with a label",
                "Share of the latest window's events, and of all predictions held, that "
                "have their label.",
                "percentunit",
                Query(newest(names.COVERAGE, OF_MODEL), "latest window"),
                Query(newest(names.LABEL_JOIN, OF_MODEL), "all held"),
                span=8,
                most=1,
            ),
            graph(
                "Delay of labels",
                "Event time from a prediction to its label, quantiles.",
                "s",
                Query(newest(names.LABEL_DELAY, ("model", "quantile")), "q {{quantile}}"),
                span=8,
            ),
            graph(
                "Labels by what became of them",
                "joined: met their prediction. unmatched and contradicted are a producer's "
                "mistake, expired predictions never got a label.",
                "cps",
                Query(f"{rate(names.OUTCOME, ('model', 'outcome'))} > 0", "{{outcome}}"),
                none="No labels",
                span=8,
            ),
            _share_of_labels("Labels without a prediction", "unmatched", "that met no prediction"),
            _share_of_labels(
                "Labels too late", "too_late", "whose windows are all closed to revision"
            ),
            _share_of_labels(
                "Labels that contradict",
                "contradicted",
                "that differ from an earlier one for the same prediction",
            ),
            graph(
                "Held for labels",
                "Predictions that labels may still come for, and those of them that have "
                "theirs. What is held is forgotten after labels.retention.",
                "short",
                Query(total(names.HELD, OF_MODEL), "held"),
                Query(total(names.HELD_LABELLED, OF_MODEL), "with a label"),
                span=8,
            ),
            graph(
                "Memory of what is held",
                "Of predictions and labels of the model, in all workers.",
                "bytes",
                Query(total(names.HELD_BYTES, OF_MODEL), "held"),
                span=8,
            ),
            graph(
                "Reports revised, predictions without an id",
                "Reports said again since labels came; predictions that no label can find.",
                "cps",
                Query(rate(names.REVISED, OF_MODEL), "reports revised"),
                Query(rate(names.WITHOUT_ID, OF_MODEL), "without an id"),
                span=8,
            ),
        ),
    )


def _share_of_labels(title: str, what: str, which: str) -> Panel:
    """The share of labels in ``what`` of the recorded series, with its alert's limit."""
    alert = f"StreamMonitorLabels{what.title().replace('_', '')}"
    return graph(
        title,
        f"Share of the labels of 6 hours {which}. From the limit on {alert} begins.",
        "percentunit",
        Query(_of_labels(what), what.replace("_", " ")),
        limits=(limit(f"labels_{what}_ratio", "warning"),),
        span=8,
    )


def _of_labels(what: str) -> str:
    return recorded(f"job_model:stream_monitor_labels_{what}:ratio_increase6h")
