"""The report of one window as a JSON document.

Everything outside ``processing`` follows from the window's events and the reference alone, so
a replay, a backtest and a live run say the same; ``processing`` tells how this run went.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from stream_monitor.alerts.episode import Episode
from stream_monitor.alerts.rule import Window
from stream_monitor.alerts.times import rfc3339
from stream_monitor.alerts.tracker import AlertStates
from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.representative import warnings
from stream_monitor.detectors.seasonal import season_warnings
from stream_monitor.detectors.slices import compare_versions
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.pipeline.distributions import distributions_document
from stream_monitor.pipeline.lane import DueWindow
from stream_monitor.pipeline.slice_report import (
    comparison_document,
    slice_document,
    slices_document,
)
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.slices import SlicedTraffic
from stream_monitor.summaries.traffic import TrafficSummary

SCHEMA = "stream-monitor/report/1"


def report_id(model: str, reference_hash: str, start_ms: int, end_ms: int) -> str:
    """16 hex digits, the same for the same window, model and reference whoever reports it."""
    text = f"{len(model)}:{model}:{reference_hash}:{start_ms}:{end_ms}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def report_document(
    model: str,
    reference_hash: str,
    reference: Reference | None,
    settings: ModelSettings,
    window: DueWindow,
    verdicts: Sequence[Verdict],
    alerts: AlertStates,
    cumulative: SlicedTraffic,
) -> dict[str, Any]:
    """All there is to say of one window when it is judged first.

    ``status`` is ``alarm`` where a deciding verdict is, else ``thin`` where the window holds
    too few events to judge, else ``ok``. ``drifted`` names the columns in alarm, the largest
    effect first. ``cumulative`` is as :func:`cumulative_document` says.
    """
    summary = window.summary
    return {
        **_head(model, reference_hash, window.start_ms, window.end_ms, 0, summary.traffic),
        "status": status(verdicts),
        "drifted": drifted(verdicts),
        "open_alerts": _open(alerts),
        "verdicts": [verdict_document(verdict) for verdict in verdicts],
        "distributions": distributions_document(summary.columns, reference),
        "confusion": _confusion(summary.traffic.total, reference),
        "slices": slices_document(summary.traffic, reference, settings),
        "cumulative": cumulative_document(cumulative, window.end_ms, reference, settings),
        "warnings": [*warnings(verdicts), *season_warnings(reference, settings)],
        "unknown_features": dict(summary.unknown_features.most_common()),
        "processing": {"late_rows": window.late_rows},
    }


def revision_document(
    model: str,
    reference_hash: str,
    reference: Reference | None,
    settings: ModelSettings,
    window: Window,
    revision: int,
    traffic: SlicedTraffic,
    status: State,
    verdicts: Sequence[Verdict],
    alerts: AlertStates,
    changed: Sequence[Mapping[str, Any]],
    judged: Sequence[Episode],
    cumulative: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What labels that came since have changed of a window; all else stays as reported.

    ``verdicts`` are those of performance, ``changed`` the figures before and now, ``judged``
    the alerts of the window's time and what became of them. ``cumulative``, as
    :func:`cumulative_document` says, is of one of the windows that are revised together, and
    left out where it is ``None``.
    """
    more = {} if cumulative is None else {"cumulative": cumulative}
    return {
        **_head(model, reference_hash, window.start_ms, window.end_ms, revision, traffic),
        "status": status,
        "open_alerts": _open(alerts),
        "verdicts": [verdict_document(verdict) for verdict in verdicts],
        "confusion": _confusion(traffic.total, reference),
        "slices": slices_document(traffic, reference, settings),
        "warnings": list(warnings(verdicts)),
        "changed": list(changed),
        "rejudged": [
            {
                "alert_id": episode.event.alert_id,
                "monitor": episode.event.monitor,
                "judgement": episode.judgement.value,
                "summary": episode.event.summary,
            }
            for episode in judged
        ],
        **more,
    }


def cumulative_document(
    cumulative: SlicedTraffic,
    to_ms: int,
    reference: Reference | None,
    settings: ModelSettings,
) -> dict[str, Any]:
    """Everything judged against a reference so far, with all labels that have come.

    ``to_ms`` is the end of the newest window that is in it. As many slices and versions as the
    settings allow, and no more.
    """
    return {
        "to_ms": to_ms,
        **slice_document(cumulative.total, reference, settings),
        "slices": slices_document(cumulative, reference, settings),
        "versions": [
            comparison_document(one) for one in compare_versions(cumulative, reference, settings)
        ],
    }


def _head(
    model: str,
    reference_hash: str,
    start_ms: int,
    end_ms: int,
    revision: int,
    traffic: SlicedTraffic,
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "report_id": report_id(model, reference_hash, start_ms, end_ms),
        "revision": revision,
        "model": model,
        "reference_hash": reference_hash,
        "window": {
            "start_ms": start_ms,
            "end_ms": end_ms,
            "start": rfc3339(start_ms),
            "end": rfc3339(end_ms),
        },
        "rows": traffic.total.rows,
        "labelled": traffic.total.performance.labelled,
    }


def _open(alerts: AlertStates) -> list[str]:
    return sorted(str(key) for key, alert in alerts.items() if alert.is_open)


def _confusion(traffic: TrafficSummary, reference: Reference | None) -> dict[str, Any]:
    confusion = traffic.performance.confusion
    return {
        "classes": [*(reference.classes if reference is not None else ()), "other"],
        "counts": confusion.counts.tolist(),
        "labelled": confusion.labelled,
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
    """The columns that drift is in alarm of, the largest effect first.

    By a monitor of their own that decides, or by the evidence, which accuses several at once.
    """
    moved = [
        verdict
        for verdict in verdicts
        if verdict.family is Family.DRIFT
        and verdict.state is State.ALARM
        and verdict.column
        and (verdict.decides or verdict.monitor == EVIDENCE)
    ]
    return [v.column for v in sorted(moved, key=lambda v: (-(v.effect or 0.0), v.column))]


def verdict_document(verdict: Verdict) -> Mapping[str, Any]:
    """One verdict as JSON's own types; what it does not have is left out."""
    fields = {name: getattr(verdict, name) for name in Verdict.__slots__}
    told = {
        name: value.value if isinstance(value, State | Family) else value
        for name, value in fields.items()
        if value is not None and name != "carriers"
    }
    if verdict.carriers:
        told["carriers"] = [
            {**carrier._asdict(), "effects": dict(carrier.effects)} for carrier in verdict.carriers
        ]
    return told
