"""Write docs/metrics.md from the code: python -m scripts.make_metrics_doc > docs/metrics.md."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from stream_monitor.metrics import names
from stream_monitor.metrics.caps import Caps

_HEAD = """\
# Metrics

What a worker shows at `/metrics`, as Prometheus text or OpenMetrics. Made by
`python -m scripts.make_metrics_doc` from `stream_monitor/metrics/names.py`: change it there.

- Seconds and shares of 1 are the units; times are `_timestamp_seconds` since 1970.
- `column` is `feature:NAME`, `prediction` or `score`, and empty for the model as a whole.
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
    names.LAG_RECORDS: "Lag",
    names.WINDOWS: "Windows and references",
    names.ALERTS: "Alerts",
    names.COLUMNS_JUDGED: "The latest window of each model",
}

#: Labels whose values are known beforehand.
_VALUES: dict[tuple[str, str], Iterable[str]] = {
    (names.STATE.name, "state"): names.STATES,
    (names.REJECTED.name, "reason"): names.REASONS,
    (names.DROPPED.name, "limit"): names.LIMITS,
    (names.WINDOWS.name, "status"): names.WINDOW_STATUSES,
    (names.WINDOW_STATUS.name, "status"): names.WINDOW_STATUSES,
    (names.ALERTS.name, "status"): names.ALERT_STATUSES,
    (names.ALERTS_OPEN.name, "severity"): names.SEVERITIES,
}


def render() -> str:
    """The whole page."""
    caps = Caps()
    lines = [_HEAD.format(models=caps.models, columns=caps.columns, alerts=caps.alerts)]
    for spec in names.ALL:
        if spec in _SECTIONS:
            lines += [
                f"## {_SECTIONS[spec]}",
                "",
                "| metric | kind | labels | meaning |",
                "|---|---|---|---|",
            ]
        lines.append(_row(spec))
        following = names.ALL[names.ALL.index(spec) + 1 :]
        if following and following[0] in _SECTIONS:
            lines.append("")
    lines += ["", "## Label values", "", "| metric | label | values |", "|---|---|---|"]
    for (metric, label), values in _VALUES.items():
        lines.append(f"| `{metric}` | `{label}` | {', '.join(f'`{v}`' for v in values)} |")
    return "\n".join(lines) + "\n"


def _row(spec: names.Spec) -> str:
    labels = ", ".join(f"`{label}`" for label in spec.labels)
    return f"| `{spec.name}` | {spec.kind} | {labels} | {spec.help} |"


if __name__ == "__main__":
    sys.stdout.write(render())
