"""What a detector of degradation is: a fold over panes whose state is bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.verdict import State


class Standing(NamedTuple):
    """Where a detector stands: its statistic and the threshold it alarms at, if it has them.

    ``design`` is "bernoulli", "normal", or "" for detectors that are not designed. ``effect`` is
    how much the errors have risen and ``state`` what it says of the window, for one that knows.
    """

    learning: bool = False
    statistic: float | None = None
    threshold: float | None = None
    design: str = ""
    effect: float | None = None
    state: State | None = None


class Machine(Protocol):
    """A detector over panes. Equal calls give equal bytes, and nothing given is changed."""

    def start(self) -> bytes:
        """The state before the first pane."""
        ...

    def fold(self, state: bytes, panes: Sequence[PaneErrors]) -> tuple[bytes, list[int]]:
        """The state after the panes, and the ascending starts of those where a rise was found.

        An alarm starts the detector again, at the next pane: at most one alarm a pane. The
        same bytes come out however the panes are split into calls.
        """
        ...

    def standing(self, state: bytes, end_ms: int | None) -> Standing:
        """Where it stands at the end of a window; ``None``: at that of the last pane."""
        ...
