"""Values of any library to those that JSON has, without importing the library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from stream_monitor.client.refusals import Refusal, RefusedError
from stream_monitor.client.weight import MAX_DEPTH, MAX_VALUES, nested_too_much

#: The types of which JSON has every value.
PLAIN: frozenset[type] = frozenset({type(None), bool, int, float, str})

#: The most bytes of a number in an array.
_WIDEST = 16

#: The types that mean "no value" in pandas, by name.
_NOTHING = frozenset({"NAType", "NaTType"})


def plain(value: object, depth: int = 0) -> object:
    """The value in Python's plain types, arrays and nested values included.

    numpy's scalars become numbers and texts, times and UUIDs become texts, pandas' NA and NaT
    become None. Raises ``RefusedError``: ``UNSERIALISABLE`` for what is none of these,
    ``TOO_LARGE`` for what is nested deeper than ``MAX_DEPTH`` or in more than ``MAX_VALUES``
    parts.
    """
    if type(value) in PLAIN:
        return value
    if depth > MAX_DEPTH:
        raise RefusedError(Refusal.TOO_LARGE)
    if type(value).__name__ in _NOTHING:
        return None
    # Enum before str and int, which its members may be too; bool before int
    if isinstance(value, Enum):
        return plain(value.value, depth + 1)
    for kind in (str, float, int):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if depth == 0:
        _check(value)
    if isinstance(value, Mapping):
        members = dict(value)
        if type(value) is not dict:
            _check(members)
        return {str(name): plain(member, depth + 1) for name, member in members.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(member, depth + 1) for member in value]
    listed = getattr(value, "tolist", None)  # numpy's scalars and arrays, pandas' Series
    if listed is None:
        raise RefusedError(Refusal.UNSERIALISABLE)
    if getattr(value, "nbytes", 0) > MAX_VALUES * _WIDEST:
        raise RefusedError(Refusal.TOO_LARGE)
    found = listed()
    _check(found)  # an array of objects may hold anything
    return plain(found, depth + 1)


def _check(value: object) -> None:
    """Before it is copied: what is in it twice would be copied twice, and so on."""
    if nested_too_much(value):
        raise RefusedError(Refusal.TOO_LARGE)


def plain_column(values: list[Any]) -> list[Any]:
    """The column itself where all of it is plain, else a new one that is."""
    if PLAIN.issuperset(map(type, values)):
        return values
    return [plain(value) for value in values]
