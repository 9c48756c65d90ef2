"""The panes of the block that is being read: summarised so far, and what is still to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stream_monitor.events.batch import EventBatch
from stream_monitor.events.join import join
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.slices import Slicing


@dataclass(slots=True)
class OpenPane:
    """One pane's summary, and the batches that it does not count yet."""

    reference: Reference | None
    slicing: Slicing
    summary: ModelSummary
    waiting: list[EventBatch]
    waiting_rows: int
    dirty: bool

    def add(self, batch: EventBatch) -> None:
        """Take the batch in; a summary is only made of many rows."""
        self.waiting.append(batch)
        self.waiting_rows += len(batch)
        self.dirty = True
        if self.waiting_rows >= _SETTLE_ROWS:
            self.settle()

    def settle(self) -> None:
        """Summarise what is waiting."""
        for batch in join(self.waiting):
            self.summary = self.summary.merge(ModelSummary.of(batch, self.reference, self.slicing))
        self.waiting = []
        self.waiting_rows = 0


class OpenPanes:
    """The panes of a block by model, reference and start; at most ``most`` of them."""

    def __init__(self, most: int, slicing: Callable[[str], Slicing]) -> None:
        self._most = most
        self._slicing = slicing
        self._panes: dict[tuple[str, str, int], OpenPane] = {}

    def add(self, batch: EventBatch, reference: Reference | None, pane_ms: int) -> bool:
        """Take in events of the pane that starts at ``pane_ms``; False if there is no room."""
        hash_ = reference.hash if reference is not None else NO_REFERENCE
        key = (batch.model, hash_, pane_ms)
        pane = self._panes.get(key)
        if pane is None:
            if len(self._panes) >= self._most:
                return False
            slicing = self._slicing(batch.model)
            pane = OpenPane(reference, slicing, ModelSummary.empty(reference), [], 0, True)
            self._panes[key] = pane
        pane.add(batch)
        return True

    def changed(
        self, wanted: Callable[[str, int], bool]
    ) -> Iterator[tuple[str, str, int, ModelSummary]]:
        """Model, hash, start and summary of the panes that have changed since they were given.

        Only of those of which ``wanted`` says so by model and start; the others wait.
        """
        for (model, hash_, pane_ms), pane in self._panes.items():
            if not pane.dirty or not wanted(model, pane_ms):
                continue
            pane.settle()
            pane.dirty = False
            yield model, hash_, pane_ms, pane.summary

    def clear(self) -> None:
        """Forget them all: the block has been left."""
        self._panes.clear()


#: Rows of a pane that are held back to be summarised together: a summary has a price a
#: batch (an array as long as the reference for each column) beside the price a row.
_SETTLE_ROWS = 8192
