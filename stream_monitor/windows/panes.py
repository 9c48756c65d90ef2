"""Panes and windows over event time, all in integer milliseconds since the epoch.

A pane is ``[k·slide, (k+1)·slide)``; a window is the ``window / slide`` panes up to and
including its newest one, and is named by its end::

    slide      |--p0--|--p1--|--p2--|--p3--|
    window(3)  [------ w ends at p2 ------)
                      [------ w ends at p3 ------)

Both are aligned to the epoch, so every worker and every replay cuts time alike. Times
before 1970 are negative and cut the same way (floor division).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from stream_monitor.config.settings import ModelSettings


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """How a model's time is cut: ``window_ms`` a positive multiple of ``slide_ms``."""

    window_ms: int
    slide_ms: int
    allowed_lateness_ms: int = 0

    def __post_init__(self) -> None:
        if self.slide_ms <= 0 or self.window_ms <= 0 or self.window_ms % self.slide_ms:
            raise ValueError(
                f"a window of {self.window_ms} ms is not a positive multiple "
                f"of a slide of {self.slide_ms} ms"
            )
        if self.allowed_lateness_ms < 0:
            raise ValueError("the allowed lateness cannot be negative")

    @classmethod
    def of(cls, settings: ModelSettings) -> Self:
        """A model's windows as its settings have them."""
        return cls(settings.window_ms, settings.slide_ms, settings.allowed_lateness_ms)

    def pane(self, timestamp_ms: int) -> int:
        """The start of the pane that a time falls into."""
        return timestamp_ms - timestamp_ms % self.slide_ms

    def window_start(self, end_ms: int) -> int:
        """The start of the window that ends at ``end_ms``."""
        return end_ms - self.window_ms

    def due(self, end_ms: int, watermark_ms: int) -> bool:
        """Whether a window is complete: nothing within the allowed lateness can still come."""
        return end_ms + self.allowed_lateness_ms <= watermark_ms

    def next_end(self, panes: Iterable[int], after_ms: int | None) -> int | None:
        """The end of the earliest window later than ``after_ms`` whose newest pane holds events.

        A window whose newest pane is empty says nothing that the one before has not said,
        so it has no turn.
        """
        ends = (pane + self.slide_ms for pane in panes)
        return min((end for end in ends if after_ms is None or end > after_ms), default=None)
