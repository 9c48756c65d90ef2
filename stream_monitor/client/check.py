"""The envelope of rows, column by column: what a worker would refuse a whole message for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from stream_monitor.client.plain import plain, plain_column
from stream_monitor.client.refusals import Refusal, RefusedError
from stream_monitor.events.limits import MAX_MS, MIN_MS, Limits

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def times(values: Sequence[object], now_ms: int, limits: Limits) -> list[int]:
    """Event times in ms; raises ``RefusedError``.

    A time is whole milliseconds since 1970 or a ``datetime`` with its offset: one without is
    local time to Python and UTC to others, and nothing here can tell which was meant.
    """
    found = [value if type(value) is int else _ms(value) for value in values]
    if min(found) < MIN_MS or max(found) > MAX_MS:
        raise RefusedError(Refusal.BAD_TIMESTAMP)
    if max(found) > now_ms + limits.future_tolerance_ms:
        raise RefusedError(Refusal.FUTURE_TIMESTAMP)
    return found


def _ms(value: object) -> int:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise RefusedError(Refusal.BAD_TIMESTAMP)
        return (value - _EPOCH) // _MILLISECOND
    number = plain(value)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if type(number) is not int:
        raise RefusedError(Refusal.BAD_TIMESTAMP)
    return number


def typed(values: list[Any], types: frozenset[type]) -> list[Any]:
    """The column in plain types; raises ``RefusedError`` where one is not of ``types``."""
    found = plain_column(values)
    if not types.issuperset(map(type, found)):
        raise RefusedError(Refusal.WRONG_TYPE)
    return found


def names(rows: Iterable[Mapping[Any, object] | None], limits: Limits) -> list[Any]:
    """All names of the rows, in order of first appearance; raises ``RefusedError``."""
    given = [row for row in rows if row]
    if not given:
        return []
    first = given[0]
    shapes = [row.keys() == first.keys() for row in given]  # as a list faster than as a generator
    alike = all(shapes)
    found = list(first) if alike else list(dict.fromkeys(name for row in given for name in row))
    if len(found) > limits.max_features:
        raise RefusedError(Refusal.TOO_LARGE)
    if any(len(str(name)) > limits.max_name for name in found):
        raise RefusedError(Refusal.TOO_LARGE)
    return found
