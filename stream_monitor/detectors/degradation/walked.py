"""A walk over all rows of all panes that stops at alarms."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.rows import blocks
from stream_monitor.statistics.arrays import FloatArray

S = TypeVar("S")


def walked(
    state: S,
    panes: Sequence[PaneErrors],
    until: Callable[[S, FloatArray], tuple[S, int, int]],
) -> tuple[S, list[int]]:
    """The state after all rows of the panes, and the starts of the panes where a rise was found.

    ``until`` gives the state after the first alarm, how many rows that took, and 1 for a rise, -1
    for a fall, 0 for no alarm. After an alarm the rest of its pane is not looked at: where in the
    pane it is is not known, and so an alarm costs no more than a pane.
    """
    alarms: list[int] = []
    done = -1  # the pane that had its alarm
    for rows, places, ends in blocks(panes):
        at = 0
        while at < rows.size:
            here = bisect_right(ends, at)
            if places[here] == done:
                at = ends[here]
                continue
            state, seen, direction = until(state, rows[at:])
            at += seen
            if direction:
                done = places[bisect_right(ends, at - 1)]
                if direction > 0:
                    alarms.append(panes[done].start_ms)
    return state, alarms
