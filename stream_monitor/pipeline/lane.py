"""One model against one reference: its panes, and the windows that are due.

A new reference opens a new lane; the old one ends when its panes have left the window.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from stream_monitor.config.settings import ModelSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.pipeline.comparing import Comparing, pane_versions
from stream_monitor.pipeline.degrading import Degrading, pane_errors
from stream_monitor.pipeline.ledger import Ledger
from stream_monitor.pipeline.messages import Slot
from stream_monitor.pipeline.slots import Pane, StoredSlot
from stream_monitor.pipeline.watching import Rows, Watching
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.sliding import SlidingSummary
from stream_monitor.windows.panes import WindowSpec

NEWEST = 50
"""From how many panes the effect of a change is taken that the whole window does not show yet."""


@dataclass(frozen=True, slots=True)
class DueWindow:
    """A complete window: ``[start_ms, end_ms)``, its summary, and what came too late for it.

    ``newest`` is its newest pane, which is frozen from now on.
    """

    start_ms: int
    end_ms: int
    summary: ModelSummary
    late_rows: int
    newest: ModelSummary


@dataclass(slots=True)
class Lane:
    """Panes and windows of one (model, reference).

    ``last_end_ms`` is the end of the newest window judged; panes up to it are frozen.
    ``ledger`` knows what labels tell of them.
    """

    spec: WindowSpec
    ledger: Ledger
    last_end_ms: int | None = None
    panes: dict[int, Pane] = field(default_factory=dict)
    kept_degradation: bytes = b""
    kept_comparing: bytes = b""
    kept_watching: tuple[int, bytes] = (0, b"")
    _degrading: Degrading | None = None
    _comparing: Comparing | None = None
    _watching: Watching | None = None
    _begun: bool = False
    _sliding: SlidingSummary | None = None

    @classmethod
    def of(cls, spec: WindowSpec) -> Lane:
        """A lane without panes."""
        return cls(spec, Ledger(spec))

    def add(self, slot: Slot, max_panes: int) -> tuple[StoredSlot, int] | None:
        """Take a slot in: what to keep and the rows it makes late; ``None``: nothing new.

        Raises:
            OverflowError: the lane holds ``max_panes`` panes already.
        """
        start = slot.key.pane_ms
        pane = self.panes.get(start)
        if pane is None:
            if len(self.panes) >= max_panes:
                raise OverflowError
            pane = self.panes[start] = Pane()
        return pane.replace(slot, frozen=self.is_frozen(start))

    def restore(self, slot_pane_ms: int, at: tuple[int, int], stored: StoredSlot) -> None:
        """Put a slot back as it was kept."""
        self.panes.setdefault(slot_pane_ms, Pane()).slots[at] = stored

    def is_frozen(self, pane_ms: int) -> bool:
        """Whether the pane has been judged, so that what comes for it is late."""
        return self.last_end_ms is not None and pane_ms + self.spec.slide_ms <= self.last_end_ms

    def is_gone(self, pane_ms: int) -> bool:
        """Whether no window that is still to come holds the pane."""
        return (
            self.last_end_ms is not None
            and pane_ms < self.last_end_ms + self.spec.slide_ms - self.spec.window_ms
        )

    def next_end(self, watermark_ms: int) -> int | None:
        """The end of the next window that is due at this watermark."""
        filled = (start for start, pane in self.panes.items() if pane.rows)
        end = self.spec.next_end(filled, self.last_end_ms)
        return end if end is not None and self.spec.due(end, watermark_ms) else None

    def window(self, end_ms: int, reference: Reference | None) -> DueWindow:
        """The window that ends at ``end_ms``, the next one due."""
        sliding = self._slid(reference)
        start = self.spec.window_start(end_ms)
        newest = end_ms - self.spec.slide_ms
        sliding.evict(start)
        summary = self.panes[newest].summary(reference)
        sliding.push(newest, summary)
        late = sum(pane.late_rows for at, pane in self.panes.items() if start <= at < end_ms)
        return DueWindow(start, end_ms, sliding.summary(), late, summary)

    def is_full(self, start_ms: int) -> bool:
        """Whether the lane had begun before a window, so that all of the window's events are there.

        Its very first pane may have begun in the middle, and is not counted on.
        """
        began = self.ledger.began_ms
        return began is not None and began < start_ms

    def rows(self, start_ms: int, end_ms: int) -> dict[int, int]:
        """The rows of each pane in a stretch of time."""
        return {at: pane.rows for at, pane in self.panes.items() if start_ms <= at < end_ms}

    def since(self, start_ms: int, end_ms: int, reference: Reference | None) -> Rows:
        """The judged panes from a time on, but the newest :data:`NEWEST` at the most."""
        total = ModelSummary.empty(reference)
        rows = self.rows(max(start_ms, end_ms - NEWEST * self.spec.slide_ms), end_ms)
        for start in sorted(rows):
            total = total.merge(self.panes[start].summary(reference))
        return Rows(total.columns, rows)

    def watching(self, settings: ModelSettings, reference: Reference | None) -> Watching | None:
        """The lane's evidence; ``None`` if the settings leave nothing to it."""
        if not self._begun:
            self._begun = True
            self._watching = Watching.of(settings, reference, self.kept_watching[1])
        return self._watching

    def degrading(self, settings: ModelSettings, reference: Reference | None) -> Degrading:
        """The lane's detectors of degradation, told of all labels that have come.

        Raises ConfigurationError for a detector that cannot watch the model.
        """
        if self._degrading is None:
            self._degrading = Degrading.of(settings, reference, self.kept_degradation)
        self._follow(settings, reference)
        return self._degrading

    def comparing(self, settings: ModelSettings, reference: Reference | None) -> Comparing:
        """The lane's versions beside each other, told of all labels that have come."""
        if self._degrading is None and settings.performance.degradation.detectors:
            with suppress(ConfigurationError):  # who asks for the detectors is told
                self._degrading = Degrading.of(settings, reference, self.kept_degradation)
        return self._follow(settings, reference)

    def _follow(self, settings: ModelSettings, reference: Reference | None) -> Comparing:
        """Tell of the panes that have changed whoever goes over all panes; each is read once."""
        if self._comparing is None:
            self._comparing = Comparing.of(settings, reference, self.kept_comparing)
        for pane_ms in sorted(self.ledger.changed):
            pane = self.ledger.panes.get(pane_ms)
            if pane is not None:
                whole = pane.whole(reference)
                self._comparing.put(pane_versions(pane_ms, whole))
                if self._degrading is not None:
                    self._degrading.put(pane_errors(pane_ms, whole.total.performance))
        self.ledger.changed.clear()
        return self._comparing

    def close(self, end_ms: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """Mark the window judged and drop panes no window needs: their slots' places."""
        self.last_end_ms = end_ms
        for start in [start for start in sorted(self.panes) if self.is_gone(start)]:
            for at in self.panes.pop(start).slots:
                yield start, at

    def _slid(self, reference: Reference | None) -> SlidingSummary:
        """The running window; after a restart it is made again from the frozen panes."""
        if self._sliding is None:
            self._sliding = SlidingSummary(reference)
            for start in sorted(self.panes):
                if self.is_frozen(start) and self.panes[start].rows:
                    self._sliding.push(start, self.panes[start].summary(reference))
        return self._sliding
