"""Values above what Kafka takes in one message, kept in parts under keys of their own.

Any prefix of the writes has to be a state to go on from, so a value is there whole or not at
all: its parts are written first, where they disturb nothing, and then, under its own key, a
*head* that says where they are. The parts that no head speaks of any more are deleted last.
Where a value's parts are is named by what it is, so no value is ever written over another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

#: A key and its value, ``None`` to delete it.
Write = tuple[bytes, bytes | None]

#: What a head, and the key of a part, begins with; no key or value does in JSON or msgpack.
_MARK = b"\xc1"
_PLACE = 8  # bytes of a place's name
_COUNT = 4  # bytes of a number of parts


class _Head(NamedTuple):
    place: bytes
    parts: int

    def encode(self) -> bytes:
        return _MARK + self.place + self.parts.to_bytes(_COUNT)

    @staticmethod
    def decode(value: bytes) -> _Head:
        return _Head(value[1 : 1 + _PLACE], int.from_bytes(value[1 + _PLACE :]))


class Parts:
    """The writes of one partition of a table, none with more than ``room`` bytes of key and value.

    What :meth:`read` yields of the table after any prefix of the writes is what a table
    without a limit would have after as many :meth:`put` and :meth:`delete` as are complete,
    or of the next one too.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: dict[bytes, dict[bytes, int]] = {}  # by key: the parts in each place

    def put(self, key: bytes, value: bytes) -> Iterator[Write]:
        """The writes that keep ``value`` under ``key``, to be done in their order."""
        size = max(1, self._room - len(_part_key(bytes(_PLACE), 0, key)))
        if len(value) <= size and not value.startswith(_MARK):
            yield key, value
            yield from self._drop(key)
            return
        place = blake2b(value, digest_size=_PLACE, salt=size.to_bytes(8)).digest()
        parts = [value[at : at + size] for at in range(0, len(value), size)]
        for index, part in enumerate(parts):
            yield _part_key(place, index, key), part
        yield key, _Head(place, len(parts)).encode()
        yield from self._drop(key, but=place)
        self._kept[key] = {place: len(parts)}

    def delete(self, key: bytes) -> Iterator[Write]:
        """The writes that forget ``key``, to be done in their order."""
        yield key, None
        yield from self._drop(key)

    def read(self, items: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        """Each key with its whole value, of all ``items`` of the partition; to be read to its end.

        From then on writes go on from these items.

        Raises:
            ValueError: a part is missing.
        """
        self._kept = {}
        heads: dict[bytes, _Head] = {}
        parts: dict[tuple[bytes, bytes, int], bytes] = {}
        for key, value in items:
            if key.startswith(_MARK):
                place, index, whole = _of_part_key(key)
                parts[whole, place, index] = value
                places = self._kept.setdefault(whole, {})
                places[place] = max(places.get(place, 0), index + 1)
            elif value.startswith(_MARK):
                heads[key] = _Head.decode(value)
            else:
                yield key, value
        for key, head in heads.items():
            found = [parts.get((key, head.place, index)) for index in range(head.parts)]
            there = [part for part in found if part is not None]
            if len(there) < head.parts:
                raise ValueError(f"the table lacks a part of the value of {key[:40]!r}")
            yield key, b"".join(there)

    def _drop(self, key: bytes, but: bytes = b"") -> Iterator[Write]:
        for place, parts in self._kept.pop(key, {}).items():
            if place != but:
                for index in range(parts):
                    yield _part_key(place, index, key), None


def _part_key(place: bytes, index: int, key: bytes) -> bytes:
    return _MARK + place + index.to_bytes(_COUNT) + key


def _of_part_key(key: bytes) -> tuple[bytes, int, bytes]:
    place, rest = key[1 : 1 + _PLACE], key[1 + _PLACE :]
    return place, int.from_bytes(rest[:_COUNT]), rest[_COUNT:]
