"""Reports and alerts as they stand on the topics, made up: any columns, windows and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream_monitor.alerts.event import AlertEvent, alert_id
from stream_monitor.alerts.telling import worded
from stream_monitor.detectors.verdict import Carrier
from stream_monitor.pipeline.report import report_id

HOUR = 3_600_000
START_MS = 1_790_000_000_000 - 1_790_000_000_000 % HOUR
HASH = "0123456789abcdef"
MODEL = "m"


def verdict(family: str, monitor: str, column: str = "", **more: Any) -> dict[str, Any]:
    """A verdict for information, with what is given changed."""
    return {
        "family": family,
        "monitor": monitor,
        "column": column,
        "state": "info",
        "statistic": 0.0,
        "n": 1_000,
        "reference_n": 5_000,
        "reference_hash": HASH,
        "below": False,
        "decides": False,
    } | more


def report(
    at: int,
    effects: Mapping[str, float] | None = None,
    *,
    model: str = MODEL,
    revision: int = 0,
    status: str = "ok",
    drifted: tuple[str, ...] = (),
    missing: Mapping[str, float] | None = None,
    accuracy: float | None = None,
    limit: float | None = None,
    unknown: Mapping[str, int] | None = None,
    slices: Mapping[str, Any] | None = None,
    versions: tuple[Mapping[str, Any], ...] = (),
) -> dict[str, Any]:
    """The report of the hour ``at``, or a revision of it, which has figures of labels alone."""
    start, end = START_MS + at * HOUR, START_MS + (at + 1) * HOUR
    verdicts = []
    if accuracy is not None:
        more: dict[str, Any] = {} if limit is None else {"threshold": limit, "below": True}
        verdicts.append(
            verdict(
                "performance",
                "accuracy",
                statistic=accuracy,
                lower=accuracy - 0.02,
                upper=accuracy + 0.02,
                **more,
            )
        )
    whole: dict[str, Any] = {
        "schema": "stream-monitor/report/1",
        "report_id": report_id(model, HASH, start, end),
        "revision": revision,
        "model": model,
        "reference_hash": HASH,
        "window": {"start_ms": start, "end_ms": end},
        "rows": 1_000,
        "labelled": 0 if accuracy is None else 900,
        "status": status,
        "open_alerts": [],
        "verdicts": verdicts,
        "confusion": {"classes": ["a", "b", "other"], "counts": [[5, 1, 0], [2, 7, 0], [0, 0, 0]]},
        "slices": {},
        "warnings": [],
    }
    if revision:
        return whole | {"changed": [], "rejudged": []}
    for column, effect in (effects or {}).items():
        state = "alarm" if column in drifted else "ok"
        verdicts.append(verdict("drift", "ks", column, effect=effect, state=state))
    for column, share in (missing or {}).items():
        verdicts.append(verdict("quality", "missing", column, statistic=share))
    return whole | {
        "drifted": list(drifted),
        "distributions": {
            column: {"edges": [0.0, 1.0, 2.0], "counts": [4, 6], "reference": [5, 5]}
            for column in effects or {}
        },
        "cumulative": {"rows": 1, "slices": slices or {}, "versions": list(versions)},
        "unknown_features": dict(unknown or {}),
        "processing": {"late_rows": 0},
    }


def alert(
    at: int,
    status: str = "started",
    sequence: int = 1,
    *,
    columns: tuple[str, ...] = ("feature:x",),
    family: str = "drift",
    began: int | None = None,
    model: str = MODEL,
    severity: str = "critical",
    monitor: str = "evidence",
    column: str = "",
) -> dict[str, object]:
    """What is said in the hour ``at`` of an alert that ``began`` in another one, or in this."""
    first = START_MS + (at if began is None else began) * HOUR
    end = START_MS + (at + 1) * HOUR
    event = AlertEvent(
        alert_id=alert_id(model, family, monitor, column, first, HASH),
        status=status,
        sequence=sequence,
        severity=severity,
        model=model,
        family=family,
        monitor=monitor,
        column=column,
        columns=tuple(Carrier(column, 1 / len(columns), first, 0.25) for column in columns),
        statistic=5.0,
        threshold=3.9,
        below=False,
        p_value=None,
        effect=0.25,
        n=1_000,
        reference_n=5_000,
        reference_hash=HASH,
        false_alarms="1 per 30d",
        window_start_ms=end - HOUR,
        window_end_ms=end,
        start_pane_ms=first,
        since_ms=first,
        started_at=first + HOUR,
        recovered_at=end if status == "recovered" else None,
    )
    return worded(event).to_dict()
