"""The report of one window as a JSON document.

Everything outside ``processing`` follows from the window's events and the reference alone, so
a replay, a backtest and a live run say the same; ``processing`` tells how this run went.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from stream_monitor.alerts.event import rfc3339
from stream_monitor.alerts.tracker import AlertStates
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.pipeline.lane import DueWindow
from stream_monitor.reference.model import Reference

SCHEMA = "stream-monitor/report/1"


def report_id(model: str, reference_hash: str, start_ms: int, end_ms: int) -> str:
    """16 hex digits, the same for the same window, model and reference whoever reports it."""
    text = f"{len(model)}:{model}:{reference_hash}:{start_ms}:{end_ms}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def report_document(
    model: str,
    reference_hash: str,
    reference: Reference | None,
    window: DueWindow,
    verdicts: Sequence[Verdict],
    alerts: AlertStates,
) -> dict[str, Any]:
    """All there is to say of one window.

    ``status`` is ``alarm`` where a deciding verdict is, else ``thin`` where the window holds
    too few events to judge, else ``ok``. ``drifted`` names the columns in alarm, the largest
    effect first.
    """
    summary = window.summary
    confusion = summary.traffic.total.performance.confusion
    return {
        "schema": SCHEMA,
        "report_id": report_id(model, reference_hash, window.start_ms, window.end_ms),
        "revision": 0,
        "model": model,
        "reference_hash": reference_hash,
        "window": {
            "start_ms": window.start_ms,
            "end_ms": window.end_ms,
            "start": rfc3339(window.start_ms),
            "end": rfc3339(window.end_ms),
        },
        "rows": summary.rows,
        "status": status(verdicts),
        "drifted": drifted(verdicts),
        "open_alerts": sorted(str(key) for key, alert in alerts.items() if alert.is_open),
        "verdicts": [verdict_document(verdict) for verdict in verdicts],
        "confusion": {
            "classes": [*(reference.classes if reference is not None else ()), "other"],
            "counts": confusion.counts.tolist(),
            "labelled": confusion.labelled,
        },
        "unknown_features": dict(summary.unknown_features.most_common()),
        "processing": {"late_rows": window.late_rows},
    }


def status(verdicts: Sequence[Verdict]) -> State:
    """What a window's verdicts come to."""
    return worst([verdict.state for verdict in verdicts if verdict.decides])


def worst(states: Sequence[State]) -> State:
    """What deciding states come to."""
    if State.ALARM in states:
        return State.ALARM
    return State.OK if State.OK in states else State.THIN


def drifted(verdicts: Sequence[Verdict]) -> list[str]:
    """The columns whose deciding drift verdict is in alarm, the largest effect first."""
    moved = [
        verdict
        for verdict in verdicts
        if verdict.family is Family.DRIFT and verdict.decides and verdict.state is State.ALARM
    ]
    return [v.column for v in sorted(moved, key=lambda v: (-(v.effect or 0.0), v.column))]


def verdict_document(verdict: Verdict) -> Mapping[str, Any]:
    """One verdict as JSON's own types; what it does not have is left out."""
    fields = {name: getattr(verdict, name) for name in Verdict.__slots__}
    return {
        name: value.value if isinstance(value, State | Family) else value
        for name, value in fields.items()
        if value is not None
    }
