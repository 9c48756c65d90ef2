"""Files that are looked at again, so that a Secret that is replaced counts without a restart."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from stream_monitor.errors import ConfigurationError

#: Files are looked at when what they hold is used, and at most so often.
LOOK_MS = 1_000

_T = TypeVar("_T")
_Stamp = tuple[tuple[int, int, int] | None, ...]


class Watched(Generic[_T]):
    """What ``read`` makes of ``files``: once now, and again when one of them has changed.

    A change is another time, size or inode: a mounted Secret is changed by a link that is moved.
    If what is there now cannot be used, what was read before stays, and ``complain`` is told,
    once a change. ``now_ms`` is a clock that never goes back.

    Raises:
        ConfigurationError: ``read``'s, of the first time.
    """

    def __init__(
        self,
        files: Sequence[str | None],
        read: Callable[[], _T],
        now_ms: Callable[[], int],
        complain: Callable[[str], None],
    ) -> None:
        self._files = [file for file in files if file is not None]
        self._read = read
        self._now_ms = now_ms
        self._complain = complain
        self._looked_ms = now_ms()
        self._stamp = _stamp(self._files)  # before the reading: a change meanwhile is seen
        self._value = read()

    def __call__(self) -> _T:
        """What holds now."""
        now_ms = self._now_ms()
        if self._files and now_ms - self._looked_ms >= LOOK_MS:
            self._looked_ms = now_ms
            stamp = _stamp(self._files)
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._value = self._read()
                except ConfigurationError as exc:
                    self._complain(f"{exc}; what was read before goes on to count")
        return self._value


def _stamp(files: Sequence[str]) -> _Stamp:
    return tuple(map(_of, files))


def _of(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
