"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(ms: int) -> str:
    """A time in UTC, to the second (to the millisecond where there is one).

    >>> rfc3339(1_767_225_600_000), rfc3339(-1)
    ('2026-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z')
    """
    moment = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{ms % 1000:03d}Z" if ms % 1000 else f"{moment}Z"
