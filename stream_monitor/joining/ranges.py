"""Which ranges of source offsets a joiner has taken, so that each row is taken once."""

from __future__ import annotations

from stream_monitor.joining.messages import Range, Source


class GapError(Exception):
    """A range begins behind what was taken: something between was lost and will come again."""


class Ranges:
    """How far each source partition has been taken.

    A reader that crashes begins again where its group has committed, and tells the same rows
    again: those that were taken are dropped. A range that leaves a hole was sent by a reader
    whose range before it never arrived; it is refused, since that reader's successor tells
    all of it again. Only a *fresh* range may leave a hole: before it everything was
    acknowledged, or is gone from the log.

    A joiner that begins in the middle of the log takes the first range of a source as it is;
    what a fresh range tells of the offsets before that one it takes too, since nobody knows
    whether it was told before.
    """

    def __init__(self, *, from_start: bool) -> None:
        self._taken: dict[Source, list[_Stretch]] = {}  # ascending, with holes between them
        self._from_start = from_start

    def take(self, source: Source, range_: Range) -> list[tuple[int, int]]:
        """The stretches [start, end) of the range that are new, ascending; they are taken now.

        Raises:
            GapError: the range must not be taken yet.
        """
        start, end, fresh = range_
        taken = self._taken.get(source)
        if taken is None:
            if self._from_start and not fresh:
                raise GapError
            taken = []
        elif fresh:
            taken = _filled(taken, start)
        elif not any(low <= start <= high for low, high in taken):
            raise GapError
        new: list[_Stretch] = []
        at = start
        for low, high in taken:
            if at < min(low, end):
                new.append((at, min(low, end)))
            at = max(at, high)
        if at < end:
            new.append((at, end))
        self._taken[source] = _joined([*taken, *new])
        return new


_Stretch = tuple[int, int]


def _filled(taken: list[_Stretch], start: int) -> list[_Stretch]:
    """Everything between the first stretch and a fresh start was acknowledged."""
    low = taken[0][0] if taken else start
    return _joined([*taken, (low, start)]) if low < start else taken


def _joined(stretches: list[_Stretch]) -> list[_Stretch]:
    joined: list[_Stretch] = []
    for low, high in sorted(stretches):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined
