"""Write docs/metrics.md from the code: python -m scripts.make_metrics_doc > docs/metrics.md."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from stream_monitor.metrics import names, outward
from stream_monitor.metrics.caps import Caps

_HEAD = """\
# Metrics

What a worker shows at `/metrics`, as Prometheus text or OpenMetrics. Made by
`python -m scripts.make_metrics_doc` from `stream_monitor/metrics/names.py`: change it there.

- Seconds and shares of 1 are the units; times are `_timestamp_seconds` since 1970.
- `column` is `feature:NAME`, `prediction`, `score` or `dependence:NAME`, and empty for the model.
- Counters begin at 0 when the process starts. What a worker no longer owns after a rebalance
  is gone from its next answer.
- At most {models:,} models, {columns:,} columns over all models and {alerts:,} open alerts
  have series of their own; `stream_monitor_labels_dropped` counts the rest.
- The process's memory, CPU time and open files are there as `process_*`.
"""

#: The first metric of each section.
_SECTIONS = {
    names.BUILD: "The worker",
    names.RECORDS: "Reading",
    names.LABEL_RECORDS: "Labels that come later",
    names.LAG_RECORDS: "Lag",
    names.WINDOWS: "Windows and references",
    names.ALERTS: "Alerts",
    outward.NOTIFIED: "The notifier",
    outward.REDIS_CONNECTED: "The shared view in Redis",
    outward.API_REQUESTS: "The HTTP API",
    names.COLUMNS_JUDGED: "The latest window of each model",
}

#: What stands below the table of a section that begins with a metric.
_NOTES = {
    names.LABEL_RECORDS: """\
What is held is of the joiners of this worker: add it up over the workers. Counters tell of a
partition again when it is read again, after a rebalance or a restart. What is healthy:

- `stream_monitor_labels_matched_ratio` is near 1. A label that is early waits some seconds; one
  whose prediction never comes waits for `labels.retention` and is `unmatched` then.
- `stream_monitor_label_join_ratio` has no one healthy value: if every prediction gets its label
  after a time of *d*, it is about 1 − *d* / `labels.retention`. Watch that it does not fall. It
  counts labels that came with the event too; it is absent where nothing is held.
- `stream_monitor_joiner_recovering` is 1 for some time after a start or a rebalance, then 0.
- Of `stream_monitor_join_outcomes_total`, `joined` grows as labels come. `repeated` is harmless.
  `expired` is right for predictions that never get a label. `contradicted`, `unmatched` and
  `repeated_prediction` are a producer's mistake
  ([what to do](operations.md#what-to-do-when)).
""",
}

#: Labels whose values are known beforehand.
_VALUES: dict[tuple[str, str], Iterable[str]] = {
    (names.STATE.name, "state"): names.STATES,
    (names.REJECTED.name, "reason"): names.REASONS,
    (names.DROPPED.name, "limit"): names.LIMITS,
    (names.LABEL_REJECTED.name, "reason"): names.REASONS,
    (names.OUTCOME.name, "outcome"): names.OUTCOMES,
    (names.WINDOWS.name, "status"): names.WINDOW_STATUSES,
    (names.WINDOW_STATUS.name, "status"): names.WINDOW_STATUSES,
    (names.ALERTS.name, "status"): names.ALERT_STATUSES,
    (names.ALERTS_OPEN.name, "severity"): names.SEVERITIES,
    (outward.HTTP_CLOSED.name, "reason"): names.HTTP_LIMITS,
    (outward.API_CLOSED.name, "reason"): names.API_LIMITS,
}


def known_values() -> dict[tuple[str, str], frozenset[str]]:
    """The values of labels that are known beforehand, by metric and label."""
    return {key: frozenset(values) for key, values in _VALUES.items()}


def render() -> str:
    """The whole page."""
    caps = Caps()
    lines = [_HEAD.format(models=caps.models, columns=caps.columns, alerts=caps.alerts)]
    note = None
    for spec in names.ALL:
        if spec in _SECTIONS:
            note = _NOTES.get(spec)
            lines += [
                f"## {_SECTIONS[spec]}",
                "",
                "| metric | kind | labels | meaning |",
                "|---|---|---|---|",
            ]
        lines.append(_row(spec))
        following = names.ALL[names.ALL.index(spec) + 1 :]
        if following and following[0] in _SECTIONS:
            lines += ["", note] if note is not None else [""]
    lines += ["", "## Label values", "", "| metric | label | values |", "|---|---|---|"]
    for (metric, label), values in _VALUES.items():
        lines.append(f"| `{metric}` | `{label}` | {', '.join(f'`{v}`' for v in values)} |")
    return "\n".join(lines) + "\n"


def _row(spec: names.Spec) -> str:
    labels = ", ".join(f"`{label}`" for label in spec.labels)
    return f"| `{spec.name}` | {spec.kind} | {labels} | {spec.help} |"


if __name__ == "__main__":
    sys.stdout.write(render())
