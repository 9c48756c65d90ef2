"""What has still to be delivered: the newest of each thing, and not without end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Backlog(Generic[Item]):
    """Items in the order of their keys' first, at most ``limit``; the oldest is dropped beyond.

    ``key`` says what an item is about. ``dropped`` counts what was given up.
    """

    def __init__(self, limit: int, key: Callable[[Item], Hashable]) -> None:
        self._limit = limit
        self._key = key
        self._items: dict[Hashable, Item] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, items: Iterable[Item]) -> None:
        """Add items; a newer one of a key takes the place of the older, which is no loss."""
        for item in items:
            key = self._key(item)
            if key not in self._items and len(self._items) >= self._limit:
                self._items.pop(next(iter(self._items)))
                self.dropped += 1
            self._items[key] = item

    def first(self, most: int) -> tuple[Item, ...]:
        """The next items, at most so many; they stay until :meth:`done` or :meth:`give_up`."""
        return tuple(item for item, _ in zip(self._items.values(), range(most), strict=False))

    def all(self) -> tuple[Item, ...]:
        """All items, in their order."""
        return tuple(self._items.values())

    def done(self, items: Iterable[Item]) -> int:
        """They were delivered; how many were still there and not replaced in between."""
        gone = [item for item in items if self._items.get(self._key(item)) is item]
        for item in gone:
            del self._items[self._key(item)]
        return len(gone)

    def give_up(self, items: Iterable[Item]) -> None:
        """They will never be delivered."""
        self.dropped += self.done(items)
