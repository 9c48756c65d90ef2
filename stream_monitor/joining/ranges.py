"""Which ranges of source offsets a joiner has taken, so that each row is taken once."""

from __future__ import annotations

from stream_monitor.joining.messages import Range, Source


class GapError(Exception):
    """A range begins behind what was taken: something between was lost and will come again."""


class Ranges:
    """How far each source partition has been taken.

    A reader that crashes begins again where its group has committed, and tells the same rows
    again: those below what was taken are dropped. A range that leaves a hole was sent by a
    reader whose range before it never arrived; it is refused, since that reader's successor
    tells all of it again. Only a *fresh* range may leave a hole: before it everything was
    acknowledged, or is gone from the log.
    """

    def __init__(self, *, from_start: bool) -> None:
        self._taken: dict[Source, int] = {}
        self._from_start = from_start

    def take(self, source: Source, range_: Range) -> int | None:
        """The first offset of the range that is new; ``None``: all of it was taken before.

        Raises:
            GapError: the range must not be taken yet.
        """
        taken = self._taken.get(source)
        if taken is None:
            if self._from_start and not range_.fresh:
                raise GapError
            taken = range_.start
        if range_.start > taken and not range_.fresh:
            raise GapError
        if range_.end <= taken:
            return None
        self._taken[source] = range_.end
        return max(taken, range_.start)
