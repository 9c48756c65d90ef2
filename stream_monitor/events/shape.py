"""The shape of a model's events: which names they bring and of which types, as msgspec types.

msgspec reads an object into a struct of typed fields about twice as fast as into a dict, and
a column of one type needs no look at each value. A shape says what the events so far looked
like; an event that looks otherwise does not fit and is read the general way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from types import NoneType

import msgspec
from msgspec import Struct

from stream_monitor.errors import BadMessageError
from stream_monitor.events.faults import check_model, check_names
from stream_monitor.events.limits import Limits
from stream_monitor.events.rows import Event

#: The types of a field's values; ``NoneType`` where it was null or absent.
Kinds = frozenset[type]

#: From here on not every integer is a float, so an integer may not be read as one.
EXACT = 2.0**53
#: How many names the features, or the segments, of a shape may have.
MAX_NAMES = 300

_NOTHING: Kinds = frozenset({NoneType})
_TYPES: Mapping[Kinds, type] = {
    _NOTHING: NoneType,
    frozenset({float}): float,
    frozenset({float, int}): float,
    frozenset({int}): int,
    frozenset({str}): str,
    frozenset({bool}): bool,
}
_GENERAL = {field.name: field.type for field in msgspec.structs.fields(Event)}
_PARTS = ("features", "segments")
_ENVELOPE = tuple(name for name in _GENERAL if name not in ("model", "columns"))
# beyond this many names their order matters: msgspec looks for each one after the last one
_ANY_ORDER, _NAMES_A_JUMP = 50, 8


@dataclass(frozen=True, slots=True)
class Shape:
    """What events of one model have held: the envelope's fields, and the names of its parts."""

    fields: Mapping[str, Kinds]
    parts: Mapping[str, Mapping[str, Kinds]]

    @staticmethod
    def of(events: Sequence[Event]) -> Shape:
        """The shape that all of some events have in common; there must be one."""
        columns = {name: [getattr(event, name) for event in events] for name in _ENVELOPE}
        parts: dict[str, dict[str, Kinds]] = {}
        for part in _PARTS:
            rows: list[dict[str, object]] = [row or {} for row in columns[part]]
            parts[part] = {
                name: frozenset(_kind(row.get(name)) for row in rows)
                for name in dict.fromkeys(chain.from_iterable(rows))
            }
        return Shape(
            {name: frozenset(map(_kind, column)) for name, column in columns.items()}, parts
        )

    def widened(self, other: Shape) -> Shape:
        """The shape of the events of both."""
        return Shape(
            _both(self.fields, other.fields),
            {part: _both(self.parts[part], other.parts[part]) for part in _PARTS},
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Features or segments as a struct: its fields in order, their JSON names and types.

    ``blank`` stands for an event without the part, where there may be one.
    """

    struct: type[Struct]
    names: Sequence[str]
    types: Sequence[type]
    blank: Struct | None


@dataclass(frozen=True, slots=True)
class Learned:
    """A shape as types to read with. ``fields`` are the struct's fields and their types,
    ``object`` standing for any; ``whole`` says that every event has every name."""

    model: str
    shape: Shape
    struct: type[Struct]
    fields: Mapping[str, type]
    parts: Mapping[str, Part]
    whole: bool


def learn(model: str, shape: Shape, limits: Limits) -> Learned | None:
    """The types of a shape, or ``None`` for names that it is better not to learn.

    Whatever fits the struct has names within the limits, is an event that
    :func:`~stream_monitor.events.rows.read_event` takes, and holds the same values, but for
    integers in a field of floats: there they are floats, exactly below ``EXACT``.
    """
    try:
        check_model(model, "model", limits)
        for where, names in shape.parts.items():
            check_names(names, where, limits)
            if len(names) > MAX_NAMES:
                return None
        parts = {where: _part(shape.parts[where], shape.fields[where]) for where in _PARTS}
        fields: dict[str, type] = {}
        typed: list[tuple[str, object] | tuple[str, object, None]] = []
        for name, kinds in shape.fields.items():
            fields[name] = _TYPES.get(kinds, object)
            read_as: object = _GENERAL[name] if fields[name] is object else fields[name]
            if name in parts and kinds != _NOTHING:
                struct = parts[name].struct
                read_as = struct | None if NoneType in kinds else struct
            typed.append((name, read_as, None) if NoneType in kinds else (name, read_as))
        typed.append(("columns", None, None))
        struct = msgspec.defstruct(
            "LearnedEvent", typed, tag_field="model", tag=model, kw_only=True, gc=False
        )
    except (BadMessageError, ValueError):  # too many, too long, or not a name to msgspec
        return None
    whole = not any(NoneType in kinds for part in shape.parts.values() for kinds in part.values())
    return Learned(model, shape, struct, fields, parts, whole)


def in_order(rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether the rows bring their names in much the same order, or so few that it is no matter."""
    names = dict.fromkeys(chain.from_iterable(rows))
    if len(names) <= _ANY_ORDER:
        return True
    place = {name: i for i, name in enumerate(names)}
    jumps = sum(a > b for row in rows for a, b in pairwise(place[name] for name in row))
    return jumps * _NAMES_A_JUMP <= sum(map(len, rows))


def _kind(value: object) -> type:
    """A value's type; ``object`` for a number that is not the same as integer and as float."""
    kind = type(value)
    if isinstance(value, int | float) and kind is not bool and EXACT <= abs(value) < float("inf"):
        return object
    return kind


def _both(one: Mapping[str, Kinds], other: Mapping[str, Kinds]) -> dict[str, Kinds]:
    return {name: one.get(name, _NOTHING) | other.get(name, _NOTHING) for name in (*one, *other)}


def _part(kinds_of: Mapping[str, Kinds], of_part: Kinds) -> Part:
    """Other names do not fit. The fields have names of their own: a JSON name may be any text."""
    types = [_TYPES.get(kinds, object) for kinds in kinds_of.values()]
    fields = [
        (f"f{i}", kind, None) if NoneType in kinds else (f"f{i}", kind)
        for i, (kind, kinds) in enumerate(zip(types, kinds_of.values(), strict=True))
    ]
    struct = msgspec.defstruct(
        "LearnedPart",
        fields,
        rename={f"f{i}": name for i, name in enumerate(kinds_of)},
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )
    blank = struct() if NoneType in of_part else None
    return Part(struct, tuple(kinds_of), tuple(types), blank)
