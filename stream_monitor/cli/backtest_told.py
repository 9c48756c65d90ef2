"""What ``backtest`` tells of a file on the terminal: windows, columns, performance and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stream_monitor.alerts.rule import OPEN, Status
from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.findings import Findings
from stream_monitor.cli.output import Output
from stream_monitor.cli.performed import Performed
from stream_monitor.cli.roles import told_roles
from stream_monitor.cli.rows import Rows, labelled_rows
from stream_monitor.config import duration
from stream_monitor.config.settings import ModelSettings
from stream_monitor.reference.model import Reference


def show(
    output: Output,
    reference: Reference,
    rows: Rows,
    settings: ModelSettings,
    findings: Findings,
    performed: Performed,
    alerts: Sequence[Mapping[str, Any]],
) -> None:
    """Tell how the rows were judged by the reference, and which alerts they would have raised."""
    output.line(f"{reference.model}: against reference {reference.hash}", style="bold")
    output.line(told_roles(rows.roles))
    labelled = labelled_rows(rows)
    told = "" if labelled is None else f", {labelled:,} with a label"
    output.line(f"{len(rows):,} rows{told}, {rfc3339(rows.first_ms)} to {rfc3339(rows.last_ms)}")
    window, slide = duration.render(settings.window_ms), duration.render(settings.slide_ms)
    by_status = ", ".join(f"{n:,} {name}" for name, n in sorted(findings.statuses.items()))
    output.line(f"{findings.windows:,} windows of {window} every {slide}: {by_status}")
    output.table(
        ("column", "in alarm", "judged", "largest effect", "in the window to", "first alarm", "by"),
        [
            (
                column.column or "(the model)",
                column.in_alarm,
                column.judged,
                column.largest_effect,
                (column.largest_effect_window or {}).get("end"),
                column.first_alarm,
                ", ".join(f"{what} {n:,}" for what, n in column.alarms.most_common()) or None,
            )
            for column in findings.columns()
        ],
    )
    if performed.rows():
        output.table(
            ("figure", "last window", "95 %", "estimated", "worst", "in the window to"),
            performed.rows(),
            title="performance, of the labelled events",
        )
    _show_alerts(output, alerts)


def say_next(
    output: Output,
    reference: Path,
    findings: Findings,
    settings: ModelSettings,
    target: Path | None,
) -> None:
    """Tell what to do next: publish the reference, or make the windows larger."""
    judged = any(column.judged for column in findings.columns())
    if not judged:
        output.line(
            f"No window held min_samples = {settings.min_samples:,} rows, so nothing was judged: "
            "set a longer --window or a shorter --interval."
        )
    elif target is None:
        output.line("Next: every verdict with its figures by --json FILE; or live, by")
        output.line(f"  stream-monitor reference publish {reference}")
    else:
        output.line(f"Every verdict is in {target}. Next, to judge live events:")
        output.line(f"  stream-monitor reference publish {reference}")


def _show_alerts(output: Output, alerts: Sequence[Mapping[str, Any]]) -> None:
    if not alerts:
        output.line("No alert would have been sent.")
        return
    # Late labels may raise an alert again, or withdraw it: what was said last of it holds.
    last = {alert["alert_id"]: alert for alert in alerts}
    largest: dict[str, float] = {}
    for alert in alerts:
        if alert["effect"] is not None:
            id_ = alert["alert_id"]
            largest[id_] = max(alert["effect"], largest.get(id_, 0.0))
    output.table(
        ("started", "recovered", "severity", "column", "by", "effect"),
        [
            (
                rfc3339(alert["started_at"]),
                _ended(alert),
                alert["severity"],
                _about(alert),
                f"{alert['family']} {alert['monitor']}",
                largest.get(id_),
            )
            for id_, alert in last.items()
        ],
        title="alerts that would have been sent",
    )


def _ended(alert: Mapping[str, Any]) -> str:
    if alert["status"] == Status.RECOVERED:
        return rfc3339(alert["recovered_at"])
    return "open" if alert["status"] in OPEN else str(alert["status"])


def _about(alert: Mapping[str, Any]) -> str:
    return alert["column"] or some([c["column"] for c in alert["columns"]]) or "(the model)"


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - 8:,} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more
