"""What is answered about models: parts of the published documents; no IO."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stream_monitor.alerts.rule import OPEN
from stream_monitor.alerts.times import rfc3339
from stream_monitor.views.protocol import ModelCard, Report


def models(cards: Iterable[ModelCard]) -> dict[str, Any]:
    """Every model at a glance."""
    return {
        "models": [
            {
                "model": card.model,
                "reference_hash": card.reference_hash,
                "status": card.status,
                "window_end": None if card.window_end_ms is None else rfc3339(card.window_end_ms),
                "window_end_ms": card.window_end_ms,
                "rows": card.rows,
                "drifted": list(card.drifted),
                "open_alerts": card.open_alerts,
                "updated_ms": card.updated_ms,
            }
            for card in cards
        ]
    }


def windows(reports: Iterable[Report], family: str, column: str | None) -> dict[str, Any]:
    """The verdicts of one family in each report, of one column where it is given."""
    return {"windows": [_window(report, family, column) for report in reports]}


def alerts(events: Iterable[Report], query: Mapping[str, Any]) -> dict[str, Any]:
    """The alerts that fit: of a column, still open, or not over before a time."""
    column, since_ms, only_open = query["column"], query["since"], query["open"]
    found = [
        event
        for event in events
        if (column is None or column in _columns(event))
        and (not only_open or event["status"] in OPEN)
        and (since_ms is None or event["recovered_at"] is None or event["recovered_at"] >= since_ms)
    ]
    return {"alerts": found[: query["limit"]], "total": len(found)}


def columns(reports: Iterable[Report]) -> set[str]:
    """Every column that any verdict of these reports is about."""
    return {v["column"] for report in reports for v in report["verdicts"] if v["column"]}


def _window(report: Report, family: str, column: str | None) -> dict[str, Any]:
    rows, labelled = report["rows"], report["labelled"]
    told = {
        "model": report["model"],
        "report_id": report["report_id"],
        "revision": report["revision"],
        "reference_hash": report["reference_hash"],
        "window": report["window"],
        "status": report["status"],
        "rows": rows,
        "verdicts": [
            verdict
            for verdict in report["verdicts"]
            if verdict["family"] == family and (column is None or verdict["column"] == column)
        ],
        "warnings": list(report["warnings"]),
    }
    match family:
        case "drift":
            told["drifted"] = list(report.get("drifted", ()))
        case "performance":
            told["labelled"] = labelled
            told["coverage"] = min(1.0, labelled / rows) if rows else None
        case "quality":
            told["unknown_features"] = dict(report.get("unknown_features", {}))
    return told


def _columns(event: Report) -> Sequence[str]:
    return [event["column"], *(carrier["column"] for carrier in event["columns"])]
