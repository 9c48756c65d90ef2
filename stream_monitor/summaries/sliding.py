"""A window of panes that slides: the newest pane is added, the oldest subtracted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.model_samples import ModelSamples
from stream_monitor.summaries.queue import MergeQueue

if TYPE_CHECKING:
    from stream_monitor.reference.model import Reference


class _Pane(NamedTuple):
    """The two halves of a pane's summary as state bytes."""

    counts: bytes
    samples: bytes


class SlidingSummary:
    """The merge of the panes it holds, kept up to date without merging them anew.

    The one thing here that changes in place. Panes are named by their start (ms) and kept as
    sparse bytes; one running summary is dense. Counts are added and subtracted exactly;
    samples and slices, which have no inverse, are in a :class:`MergeQueue`. The law: at all
    times :meth:`summary` equals the merge of the summaries of all panes held.
    """

    def __init__(self, reference: Reference | None) -> None:
        self._reference = reference
        self._panes: dict[int, _Pane] = {}
        self._counts = ModelSummary.empty(reference)
        self._queue: MergeQueue[ModelSamples] | None = _empty_queue()

    @property
    def panes(self) -> tuple[int, ...]:
        """The starts of the panes held, ascending."""
        return tuple(sorted(self._panes))

    def push(self, pane_start_ms: int, summary: ModelSummary) -> None:
        """Add a pane, in any order of starts.

        ``ValueError`` if it is held already (see :meth:`replace`); ``UnlikeSummaryError``
        for a summary of another reference. After an error nothing has changed.
        """
        if pane_start_ms in self._panes:
            raise ValueError(f"the pane at {pane_start_ms} is held already: replace it")
        self._add(pane_start_ms, summary)

    def replace(self, pane_start_ms: int, summary: ModelSummary) -> None:
        """Put a pane in place of the one with this start, or add it if there is none."""
        if summary.fingerprint != self._counts.fingerprint:
            raise UnlikeSummaryError(
                f"A pane of reference {summary.fingerprint} does not fit into a window of "
                f"reference {self._counts.fingerprint}."
            )
        if pane_start_ms in self._panes:
            self._remove(pane_start_ms)
            self._queue = None
        self._add(pane_start_ms, summary)

    def evict(self, before_ms: int) -> None:
        """Take out every pane that starts before the given time."""
        for start in [start for start in self._panes if start < before_ms]:
            self._remove(start)
        if self._queue is not None:
            self._queue.evict(before_ms)

    def summary(self) -> ModelSummary:
        """The merge of all panes held; the empty summary if there is none."""
        if self._queue is None:
            self._queue = _empty_queue()
            for start, pane in sorted(self._panes.items()):
                self._queue.push(start, ModelSamples.from_state(pane.samples, self._reference))
        return self._counts.with_samples(self._queue.total())

    def _add(self, start: int, summary: ModelSummary) -> None:
        counts, samples = summary.bare(), summary.samples
        self._counts = self._counts.merge(counts)
        self._panes[start] = _Pane(counts.to_state(), samples.to_state())
        if self._queue is not None and start == max(self._panes):
            self._queue.push(start, samples)
        else:
            self._queue = None  # the queue takes panes in their order only: made anew when asked

    def _remove(self, start: int) -> None:
        pane = self._panes.pop(start)
        counts = ModelSummary.from_state(pane.counts, self._reference)
        self._counts = self._counts.subtract(counts)


def _empty_queue() -> MergeQueue[ModelSamples]:
    return MergeQueue(ModelSamples.empty(), ModelSamples.merge)
