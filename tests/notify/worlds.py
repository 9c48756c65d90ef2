"""Alert documents as they stand on the topic, in the names of now and of the next version."""

from typing import Any

from stream_monitor.metrics.snapshot import OpenAlert

BEGAN_MS = 1_700_000_000_000
NOW_MS = BEGAN_MS + 600_000


def document(status: str = "opened", **changes: Any) -> dict[str, Any]:
    """A critical drift of income."""
    over = status in ("resolved", "withdrawn")
    return {
        "alert_id": "0123456789abcdef",
        "status": status,
        "severity": "critical",
        "model": "credit",
        "family": "drift",
        "monitor": "ks",
        "column": "feature:income",
        "opened_at": BEGAN_MS,
        "resolved_at": BEGAN_MS + 300_000 if over else None,
        "summary": "Critical: model credit, feature:income: the distribution has moved.",
        **changes,
    }


def newer(status: str = "started", **changes: Any) -> dict[str, Any]:
    """The same in the names to come."""
    over = status in ("recovered", "withdrawn")
    said = document(**changes)
    del said["opened_at"], said["resolved_at"]
    return said | {
        "status": status,
        "started_at": BEGAN_MS,
        "recovered_at": BEGAN_MS + 300_000 if over else None,
        "columns": ["feature:income", "feature:debt"],
        "look_first": "what fills this column upstream",
        "sequence": 1,
    }


def held(**changes: Any) -> OpenAlert:
    """The same as a worker's state has it."""
    values = {
        "model": "credit",
        "family": "drift",
        "monitor": "ks",
        "column": "feature:income",
        "severity": "critical",
        "episode": "0123456789abcdef",
        "started_ms": BEGAN_MS,
    }
    return OpenAlert(**(values | changes))
