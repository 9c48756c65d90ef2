"""How much a message may hold before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

#: The earliest and the latest time that is taken, in ms.
MIN_MS, MAX_MS = 10**11, 10**14


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one message; what exceeds one is rejected with ``Reason.TOO_LARGE``.

    ``max_features`` bounds the names of an event's features, and of its segments and scores
    as well. ``max_name`` bounds the characters of a model's, feature's, segment's or class's
    name. ``max_rows`` and ``max_values`` (rows × columns) bound a columnar message.

    ``future_tolerance_ms`` is how far an event's time may lie after the Kafka timestamp of
    its record (``Reason.FUTURE_TIMESTAMP``).
    """

    max_features: int = 2_000
    max_rows: int = 100_000
    max_name: int = 256
    max_values: int = 10_000_000
    future_tolerance_ms: int = 3_600_000
