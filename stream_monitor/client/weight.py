"""About how much memory logged values hold: what bounds the queue in bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

#: The most values that are looked at in one: each takes two bytes with its comma, so more of
#: them fit in no message.
MAX_VALUES = 450_000

#: Deeper values are refused: the worker's own parser has a limit, and would refuse the message.
MAX_DEPTH = 8

_SIZES: Mapping[type, Callable[[Any], int]] = {
    float: float.__sizeof__,
    bool: int.__sizeof__,
    type(None): object.__sizeof__,
    int: int.__sizeof__,
    str: str.__sizeof__,
    bytes: bytes.__sizeof__,
    bytearray: bytearray.__sizeof__,
}
_PLACE = 8  # bytes: a reference
_OBJECT = 64  # bytes: an empty container, or what hides in an object of a library


def weigh(values: Collection[object]) -> int:
    """The bytes of values, as if none was there twice; it takes some 100 ns a value.

    Lists, tuples, sets and mappings are weighed with all that is in them, down to ``MAX_DEPTH``
    and to ``MAX_VALUES``, arrays by their ``nbytes``, other objects as small ones. Raises what
    odd objects raise when they are looked at.
    """
    weight, seen = 0, 0
    level: Collection[object] = values
    for _ in range(MAX_DEPTH + 2):
        below: list[object] = []
        for value in level:
            size = _SIZES.get(type(value))
            if size is not None:
                weight += _PLACE + size(value)
                continue
            members = _members(value)
            weight += _PLACE + _OBJECT + (_nbytes(value) if members is None else 0)
            if members:
                seen += len(members)
                if seen > MAX_VALUES:
                    return weight + (_PLACE + _OBJECT) * seen
                below += members
        if not below:
            break
        level = below
    return weight


def nested_too_much(value: object) -> bool:
    """Whether a value has more than ``MAX_VALUES`` parts, those that are there twice counted so."""
    seen = 0
    level: Collection[object] = (value,)
    for _ in range(MAX_DEPTH + 2):
        below: list[object] = []
        for one in level:
            members = _members(one)
            if members:
                seen += len(members)
                if seen > MAX_VALUES:
                    return True
                below += members
        level = below
    return bool(level)


def _members(value: object) -> Collection[object] | None:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list | tuple | set | frozenset) else None


def _nbytes(value: object) -> int:
    if isinstance(value, str):  # a subclass, such as an enum's member
        return str.__sizeof__(value)
    size = getattr(value, "nbytes", 0)
    return size if type(size) is int else 0
