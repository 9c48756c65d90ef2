"""Does the stream get through, all of it, in time?"""

from __future__ import annotations

from scripts.dashboards.alerts import firing
from scripts.dashboards.frame import Board, Row
from scripts.dashboards.headlines import events_late
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import graph
from scripts.dashboards.promql import OF_MODEL, age_s, increase, newest, quantile_s, rate, recorded
from scripts.dashboards.style import Query
from stream_monitor.metrics import names
from stream_monitor.metrics.names import Spec

_PARTITION = ("job", "topic", "partition")
_RANGE = "1h"  # of StreamMonitorLabelRecordsRejected


def pipeline() -> Board:
    """Rate, errors and duration of the workers, and what Kafka holds for them."""
    return Board(
        "pipeline",
        "stream-monitor: Pipeline",
        "Does the stream get through, all of it, in time?",
        (
            _work(),
            _delay(),
            _kafka(),
            _left_out(),
            Row("Alerts", (firing("pipeline"),)),
        ),
    )


def _work() -> Row:
    return Row(
        "Rate, errors, duration",
        (
            graph(
                "Records read",
                "Kafka records read a second, rejected ones included, and records of labels.",
                "cps",
                Query(rate(names.RECORDS, ("job",)), "{{job}} predictions"),
                Query(rate(names.LABEL_RECORDS, ("job",)), "{{job}} labels"),
                span=8,
            ),
            graph(
                "Share of records rejected",
                "Records put aside as dead letters, over 1 h and 6 h, against the rates "
                "of StreamMonitorRecordsRejected that use up the budget within days.",
                "percentunit",
                Query(
                    recorded("job:stream_monitor_records_rejected:ratio_rate1h"),
                    "{{job}} over 1h",
                ),
                Query(
                    recorded("job:stream_monitor_records_rejected:ratio_rate6h"),
                    "{{job}} over 6h",
                ),
                limits=(
                    limit("records_rejected_ratio", "critical", "1h"),
                    limit("records_rejected_ratio", "critical", "6h"),
                ),
                span=8,
            ),
            graph(
                "Time for a batch",
                "95th percentile of the time to decode and summarise a batch of records, "
                "and to hand on what has changed; the same for labels.",
                "s",
                Query(quantile_s(0.95, names.HANDLE), "{{job}} handle"),
                Query(quantile_s(0.95, names.EMIT), "{{job}} emit"),
                Query(quantile_s(0.95, names.LABEL_HANDLE), "{{job}} handle labels"),
                Query(quantile_s(0.95, names.LABEL_EMIT), "{{job}} emit labels"),
                span=8,
            ),
        ),
    )


def _delay() -> Row:
    return Row(
        "Delay",
        (
            graph(
                "From the producer to the summary",
                "From the Kafka time of a batch's newest record to the batch being summarised.",
                "s",
                *_median_and_95(names.RECORD_DELAY),
            ),
            graph(
                "From a window's end to its report",
                "The lateness allowed is in it: an alert cannot come sooner. There is a "
                "bar where windows were reported.",
                "s",
                *_median_and_95(names.REPORT_DELAY),
                columns=True,
            ),
        ),
    )


def _kafka() -> Row:
    return Row(
        "Kafka",
        (
            graph(
                "Behind the clock",
                "Event time that the slowest partition of a topic is behind; 0 where "
                "everything written is read. From the limits on StreamMonitorLagHigh "
                "begins.",
                "s",
                Query(
                    recorded("job_topic:stream_monitor_lag_seconds:max"),
                    "{{job}} {{topic}}",
                ),
                limits=(limit("lag_seconds", "warning"), limit("lag_seconds", "critical")),
            ),
            graph(
                "Records not yet read",
                "Records written and not yet read, of each topic.",
                "short",
                Query(
                    f"sum by (job, topic) ({newest(names.LAG_RECORDS, _PARTITION)})",
                    "{{job}} {{topic}}",
                ),
            ),
            graph(
                "Read again after a restart",
                "Records between where a restart would begin and what has been read: at "
                "most about a block a partition.",
                "short",
                Query(
                    f"sum by (job, topic) ({newest(names.POSITION, _PARTITION)}"
                    f" - {newest(names.COMMITTED, _PARTITION)})",
                    "{{job}} {{topic}}",
                ),
                span=8,
            ),
            graph(
                "Partitions owned",
                "Partitions of a topic that a worker reads. One fewer than before: nobody "
                "sees what is written to it (StreamMonitorPartitionUnowned).",
                "none",
                Query(
                    recorded("job_topic:stream_monitor_partitions:count"),
                    "{{job}} {{topic}}",
                ),
                span=8,
            ),
            graph(
                "Age of the watermark",
                "How far event time, taken as complete, is behind the clock. It climbs "
                "where a partition stands still (StreamMonitorWatermarkStalled).",
                "s",
                Query(age_s(names.WATERMARK, OF_MODEL), "{{model}}"),
                span=8,
            ),
        ),
    )


def _left_out() -> Row:
    return Row(
        "What is left out",
        (
            events_late(),
            graph(
                "Dropped at a limit",
                "What was dropped because a limit was reached; docs/metrics.md lists the "
                "limits, the runbook StreamMonitorDataDropped what each means.",
                "short",
                Query(
                    f"{increase(names.DROPPED, ('job', 'limit'), '$__rate_interval')} > 0",
                    "{{limit}}",
                ),
                columns=True,
                none="Nothing was dropped",
                span=8,
            ),
            graph(
                "Share of label records rejected",
                "Records of labels of the last hour that could not be read. From the limit "
                "on StreamMonitorLabelRecordsRejected begins.",
                "percentunit",
                Query(
                    f"{increase(names.LABEL_REJECTED, ('job',), _RANGE)}"
                    f" / {increase(names.LABEL_RECORDS, ('job',), _RANGE)}",
                    "{{job}}",
                ),
                limits=(limit("label_records_rejected_ratio", "warning"),),
                span=8,
            ),
        ),
    )


def _median_and_95(spec: Spec) -> tuple[Query, Query]:
    return (
        Query(quantile_s(0.5, spec), "{{job}} median"),
        Query(quantile_s(0.95, spec), "{{job}} 95 %"),
    )
