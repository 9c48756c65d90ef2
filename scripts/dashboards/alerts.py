"""Panels on alerts, which several dashboards show."""

from __future__ import annotations

from scripts.dashboards.frame import ROW_MODEL, to_model
from scripts.dashboards.panels import Panel, rows
from scripts.dashboards.promql import JOB, newest
from stream_monitor.metrics import names

_LABELS = ("model", "severity", "family", "column", "monitor")


def open_alerts(family: str = "", *, span: int = 24, height: int = 7) -> Panel:
    """The alerts that workers hold open, of one family or of all."""
    matchers = (f'family="{family}"',) if family else ()
    what = f"{family} alerts" if family else "alerts"
    return rows(
        f"Open {what}",
        "Each alert that is open: it began after enough windows in alarm and has not recovered. "
        "Without a column it is the model as a whole.",
        newest(names.ALERT_ACTIVE, _LABELS, *matchers),
        span=span,
        height=height,
        none="No alert is open",
        link_on="model",
        link=to_model("model", "All of this model", ROW_MODEL),
    )


def firing(subsystem: str = "", *, span: int = 24, height: int = 6) -> Panel:
    """The alerts that Prometheus has sent to Alertmanager, of one subsystem or of all."""
    # absent() has no job: an empty one is every job's.
    matchers = f'alertname!="StreamMonitorWatchdog", alertstate="firing", {JOB[:-1]}|"'
    if subsystem:
        matchers += f', subsystem="{subsystem}"'
    return rows(
        "Firing in Prometheus",
        "What Alertmanager tells people now. docs/runbooks has a page for each name. A worker's "
        "alert appears here a minute after it opens.",
        "max by (alertname, severity, model, topic, instance) "
        f'(ALERTS{{alertname=~"StreamMonitor.+", {matchers}}})',
        span=span,
        height=height,
        none="Nothing fires",
    )
