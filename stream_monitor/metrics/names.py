"""Every metric of a worker: name, kind, labels and help, in the order of the exposition.

Conventions: one prefix; base units (seconds, shares of 1); ``_total`` for counters, ``_info``
for facts in labels, ``_timestamp_seconds`` for times, never an age (an age from an exporter
that hangs looks fresh). A label called ``column`` is a column id (``feature:NAME``,
``prediction``, ``score``, ``dependence:NAME``; of alerts also ``version:NAME``) and empty for the
model as a whole. Alerting rules and dashboards may use what is listed here and nothing else.
"""

from __future__ import annotations

from stream_monitor.metrics import label_values as values
from stream_monitor.metrics import outward
from stream_monitor.metrics.spec import PREFIX as PREFIX
from stream_monitor.metrics.spec import Kind as Kind
from stream_monitor.metrics.spec import Spec as Spec
from stream_monitor.metrics.spec import counter as _counter
from stream_monitor.metrics.spec import gauge as _gauge
from stream_monitor.metrics.spec import histogram as _histogram
from stream_monitor.metrics.spec import spec as _spec
from stream_monitor.metrics.spec import specs_in as _specs_in

# Known label sets: their series are there, at 0, before anything happens.
ALERT_STATUSES = values.ALERT_STATUSES
API_LIMITS = values.API_LIMITS
HTTP_LIMITS = values.HTTP_LIMITS
LIMITS = values.LIMITS
OUTCOMES = values.OUTCOMES
PEER_OUTCOMES = values.PEER_OUTCOMES
REASONS = values.REASONS
SEVERITIES = values.SEVERITIES
STATES = values.STATES
WINDOW_STATUSES = values.WINDOW_STATUSES

# The worker
BUILD = _spec(Kind.INFO, "build_info", "version python", "Version of stream-monitor and Python.")
STATE = _gauge("worker_state", "state", "1 for the state the worker is in, 0 for the others.")
STARTED = _gauge("worker_start_timestamp_seconds", "", "When the worker started.")
AS_OF = _gauge(
    "snapshot_timestamp_seconds", "", "When the event loop last spoke; some seconds ago: it hangs."
)
REBALANCES = _counter("rebalances_total", "", "Rebalances of the consumer group seen.")
ERRORS = _counter("errors_total", "", "Errors that the worker got over.")
HANDLE = _histogram("handle_seconds", "Time to decode and summarise one batch of records.")
EMIT = _histogram("emit_seconds", "Time to hand on what has changed since the last emit.")
LABELS_DROPPED = _gauge(
    "labels_dropped", "label", "Models, columns and alerts without series as a cap was reached."
)

# Reading
RECORDS = _counter("records_total", "", "Kafka records read, rejected ones included.")
REJECTED = _counter("records_rejected_total", "reason", "Records put aside as dead letters.")
EVENTS = _counter("events_total", "model", "Prediction and label events taken in.")
WITHOUT_REFERENCE = _counter(
    "events_without_reference_total", "model", "Events taken in while the model had no reference."
)
LATE = _counter("events_late_total", "model", "Events that came after their window was judged.")
DROPPED = _counter("dropped_total", "limit", "What was dropped because a limit was reached.")
SLOTS = _counter("slots_received_total", "", "Summaries of panes received by stage 2.")
SLOTS_REPEATED = _counter("slots_repeated_total", "", "Summaries received that said nothing new.")

# Labels that come later
LABEL_RECORDS = _counter(
    "label_records_total", "", "Kafka records of labels read, rejected ones included."
)
LABEL_REJECTED = _counter(
    "label_records_rejected_total", "reason", "Records of labels put aside as dead letters."
)
LABELS = _counter("labels_total", "model", "Labels read.")
WITHOUT_ID = _counter(
    "predictions_without_id_total", "model", "Predictions that no label can find: they have no id."
)
OUTCOME = _counter(
    "join_outcomes_total", "model outcome", "What became of labels and predictions that were held."
)
LABEL_SLOTS = _counter(
    "label_slots_received_total", "", "Messages on what labels tell of a pane, got by stage 2."
)
TOO_LATE = _counter(
    "labels_too_late_total",
    "model",
    "Labels that met a prediction whose windows are all closed to revision.",
)
REVISED = _counter("reports_revised_total", "model", "Reports said again since labels came.")
HELD = _gauge("predictions_held", "model", "Predictions held that labels may still come for.")
HELD_LABELLED = _gauge(
    "predictions_held_labelled", "model", "Predictions held that have their label."
)
WAITING = _gauge("labels_waiting", "model", "Labels held whose prediction has not come.")
HELD_BYTES = _gauge("predictions_held_bytes", "model", "Memory of predictions and labels held.")
LABEL_JOIN = _gauge(
    "label_join_ratio", "model", "Share of the predictions held that have their label."
)
LABELS_MATCHED = _gauge(
    "labels_matched_ratio",
    "model",
    "Share of labels that met a prediction since the start: of joined, unmatched and waiting.",
)
JOINER_RECOVERING = _gauge(
    "joiner_recovering",
    "partition",
    "1 while a joiner reads what joins held when it began; until then it tells nothing.",
)
JOINER_BYTES = _gauge(
    "joiner_log_bytes", "partition", "Bytes of joins that are held; labels.max_bytes is the limit."
)
LABEL_HANDLE = _histogram("label_handle_seconds", "Time to read or to join one batch of labels.")
LABEL_EMIT = _histogram(
    "label_emit_seconds", "Time to hand on what labels tell since the last time."
)

# Lag
LAG_RECORDS = _gauge("lag_records", "topic partition", "Records written and not yet read.")
LAG_SECONDS = _gauge(
    "lag_seconds",
    "topic partition",
    "Event time: age of the newest event handled; 0 where everything written is read.",
)
POSITION = _gauge("position_offset", "topic partition", "The next offset to be read.")
COMMITTED = _gauge("committed_offset", "topic partition", "Where a restart would begin.")
HIGHWATER = _gauge("highwater_offset", "topic partition", "Where the next record is written.")
LAST_EVENT = _gauge(
    "last_event_timestamp_seconds", "topic partition", "The newest event time handled."
)
WATERMARK = _gauge(
    "watermark_timestamp_seconds",
    "model",
    "Event time up to which the model's events are taken as complete.",
)

RECORD_DELAY = _histogram(
    "record_delay_seconds",
    "From the Kafka time of a batch's newest record to the batch being summarised.",
)
REPORT_DELAY = _histogram(
    "report_delay_seconds",
    "From a window's end, in event time, to its first report; the allowed lateness is in it.",
)

# Windows
WINDOWS = _counter("windows_total", "model status", "Windows judged; thin: too few events.")
WINDOW_STATUS = _gauge(
    "window_status", "model status", "1 for the status of the latest window, 0 for the others."
)
WINDOW_END = _gauge("window_end_timestamp_seconds", "model", "End of the latest window judged.")
WINDOW_ROWS = _gauge("window_rows", "model", "Events in the latest window.")
WINDOW_LABELLED = _gauge(
    "window_labelled_rows", "model", "Events with a label in the latest window."
)
WINDOW_ROWS_THRESHOLD = _gauge(
    "window_rows_threshold", "model", "Fewer events in a window are an alarm; absent: no limit."
)
REFERENCE = _spec(
    Kind.INFO, "reference_info", "model reference_hash", "Which reference a model is judged by."
)
REFERENCE_CREATED = _gauge(
    "reference_created_timestamp_seconds", "model", "When the model's reference was made."
)
REFERENCE_ERROR = _gauge(
    "reference_error_ratio",
    "model",
    "Share of the reference's labelled rows that the model has wrong: what it was like.",
)

# Alerts
ALERTS = _counter("alerts_total", "model status", "What was said of alerts, by status.")
ALERT_ACTIVE = _gauge(
    "alert_active", "model family monitor column severity", "1 while the alert is open."
)
ALERTS_OPEN = _gauge("alerts_open", "severity", "Alerts open now, whether listed or not.")

# What is told outside Kafka: the notifier, the shared view in Redis, the HTTP API
OUTWARD = outward.ALL

# The latest window of each model
COLUMNS_JUDGED = _gauge(
    "columns_judged", "model", "Columns whose drift was decided in the latest window."
)
COLUMNS_DRIFTED = _gauge("columns_drifted", "model", "Columns drifted in the latest window.")
DRIFT_DETECTED = _gauge(
    "drift_detected",
    "model column",
    "1 where the verdict that decides is an alarm, 0 where it is not; absent: too few values.",
)
DRIFT_STATISTIC = _gauge(
    "drift_statistic", "model column monitor", "Drift statistic of the latest window."
)
DRIFT_THRESHOLD = _gauge(
    "drift_threshold", "model column monitor", "What the drift statistic is in alarm above."
)
DRIFT_P_VALUE = _gauge(
    "drift_p_value", "model column monitor", "p-value of the drift statistic, from 0 to 1."
)
DRIFT_EFFECT = _gauge(
    "drift_effect",
    "model column monitor",
    "Size of the change in units that do not depend on the number of events.",
)
EVIDENCE = _gauge(
    "evidence_decades",
    "model family column",
    "Powers of ten of the evidence for a change; column empty: of the whole model.",
)
EVIDENCE_THRESHOLD = _gauge(
    "evidence_threshold_decades",
    "model family",
    "Powers of ten of the panes to a false alarm: where the evidence is an alarm.",
)
QUALITY = _gauge("quality_ratio", "model column check", "Share of bad values in the latest window.")
QUALITY_THRESHOLD = _gauge(
    "quality_threshold_ratio", "model column check", "Share of bad values that is an alarm above."
)
QUALITY_SCORE = _gauge("quality_score_ratio", "model", "Data quality score of the latest window.")
UNKNOWN_FEATURES = _gauge(
    "unknown_features",
    "model",
    "Features in the latest window that the reference does not have; a lower bound.",
)
COVERAGE = _gauge(
    "label_coverage_ratio", "model", "Share of the latest window's events that have a label."
)
LABEL_DELAY = _spec(
    Kind.SUMMARY,
    "label_delay_seconds",
    "model quantile",
    "Event time from a prediction to its label, to 1 percent; quantiles only.",
)
PERFORMANCE = _gauge(
    "performance_ratio",
    "model metric",
    "Performance on labelled events of the latest window; estimated_…: on all, without labels.",
)
PERFORMANCE_VALUE = _gauge(
    "performance_value",
    "model metric",
    "Performance that is no share: log loss in nats, errors in the truth's unit, mcc, r2, mape.",
)
PERFORMANCE_LOWER = _gauge(
    "performance_lower_ratio", "model metric", "Lower end of the metric's 95 percent interval."
)
PERFORMANCE_UPPER = _gauge(
    "performance_upper_ratio", "model metric", "Upper end of the metric's 95 percent interval."
)
PERFORMANCE_VALUE_LOWER = _gauge(
    "performance_value_lower", "model metric", "The same of a metric that is no share."
)
PERFORMANCE_VALUE_UPPER = _gauge(
    "performance_value_upper", "model metric", "The same of a metric that is no share."
)
PERFORMANCE_THRESHOLD = _gauge(
    "performance_threshold_ratio", "model metric", "What the metric is in alarm beyond."
)
PERFORMANCE_VALUE_THRESHOLD = _gauge(
    "performance_value_threshold",
    "model metric",
    "What the metric is in alarm beyond, in its own unit.",
)
PERFORMANCE_OF_CLASS = _gauge(
    "class_performance_ratio",
    "model class metric",
    "Performance for one class on labelled events of the latest window.",
)
VERSION_EVIDENCE = _gauge(
    "version_evidence_decades",
    "model version",
    "Powers of ten of the evidence that a version is worse than the champion.",
)
VERSION_EVIDENCE_THRESHOLD = _gauge(
    "version_evidence_threshold_decades", "model", "Where that evidence is an alarm."
)
VERSION_RISE = _gauge(
    "version_error_rise_ratio",
    "model version",
    "Rise of a version's error rate above the champion's; of the mean absolute error as a share.",
)
DEGRADATION_STATISTIC = _gauge(
    "degradation_statistic", "model detector", "Where a detector of degradation stands."
)
DEGRADATION_THRESHOLD = _gauge(
    "degradation_threshold", "model detector", "What the detector is in alarm from."
)
DEGRADATION_DETECTED = _gauge(
    "degradation_detected",
    "model detector",
    "1 where the latest window has an alarm, 0 where not; absent: learning, or too few labels.",
)
LATENCY = _spec(
    Kind.SUMMARY,
    "latency_seconds",
    "model quantile",
    "Latency of predictions in the latest window, to 1 percent; quantiles only.",
)
LATENCY_MEAN = _gauge("latency_mean_seconds", "model", "Mean latency in the latest window.")
LATENCY_THRESHOLD = _gauge(
    "latency_threshold_seconds", "model", "What the 99th percentile of latency is in alarm above."
)

#: Every metric, in the order of the exposition.
ALL: tuple[Spec, ...] = _specs_in(globals())
BY_NAME: dict[str, Spec] = {spec.name: spec for spec in ALL}
