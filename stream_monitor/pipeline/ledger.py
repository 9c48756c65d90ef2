"""What a lane still has to know of its panes when their windows have been judged.

Labels come when they come. So of each pane the traffic stays (how many events, and what the
labels that came with them tell), and beside it what later labels tell, one *entry* for each
partition of ``joins``, replaced when it says more. A window's performance is the sum over its
panes, whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from stream_monitor.joining.joiner import PaneLabels
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.queue import MergeQueue
from stream_monitor.summaries.slices import SlicedTraffic
from stream_monitor.windows.panes import WindowSpec


class PaneTraffic(NamedTuple):
    """The events of a pane, as they were when it was judged: a ``SlicedTraffic``."""

    rows: int
    labelled: int
    state: bytes


class LabelEntry(NamedTuple):
    """What later labels tell of a pane, built from the offsets [first, last] of a partition."""

    first: int
    last: int
    labelled: int
    state: bytes

    def encode(self) -> bytes:
        return _encoder.encode(tuple(self))

    @classmethod
    def decode(cls, data: bytes) -> LabelEntry:
        return cls(*_entry_decoder.decode(data))


@dataclass(slots=True)
class PaneLedger:
    """One pane: its events once they are judged, and its later labels by partition."""

    traffic: PaneTraffic | None = None
    entries: dict[int, LabelEntry] = field(default_factory=dict)

    @property
    def labelled(self) -> int:
        """Labels of the pane's events, those that came with them too."""
        of_traffic = 0 if self.traffic is None else self.traffic.labelled
        return of_traffic + sum(entry.labelled for entry in self.entries.values())

    def later(self, reference: Reference | None) -> SlicedTraffic:
        """What later labels tell."""
        total = SlicedTraffic.empty(reference)
        for _, entry in sorted(self.entries.items()):
            total = total.merge(SlicedTraffic.from_state(entry.state, reference))
        return total

    def whole(self, reference: Reference | None) -> SlicedTraffic:
        """The events with all of their labels."""
        later = self.later(reference)
        if self.traffic is None:
            return later
        return SlicedTraffic.from_state(self.traffic.state, reference).merge(later)


@dataclass(slots=True)
class Ledger:
    """The panes of one lane, by their start; ``retired`` is the sum of those that left.

    ``retired_ms``: panes that began before have left; ``first_ms``: the first of them that had been
    judged. ``changed`` are the panes that have other
    labels than when it was emptied last.
    """

    spec: WindowSpec
    panes: dict[int, PaneLedger] = field(default_factory=dict)
    retired: bytes = b""
    retired_ms: int | None = None
    first_ms: int | None = None
    changed: set[int] = field(default_factory=set)
    _cumulative: SlicedTraffic | None = None
    # By pane and partition: what the sum still has of an entry that was replaced since.
    _stale: dict[tuple[int, int], bytes | None] = field(default_factory=dict)

    @property
    def began_ms(self) -> int | None:
        """The start of the first pane that was ever judged; ``None`` before there is one."""
        if self.first_ms is not None:
            return self.first_ms
        return min(
            (at for at, pane in self.panes.items() if pane.traffic is not None), default=None
        )

    def is_retired(self, pane_ms: int) -> bool:
        """Whether the pane has left, so that nothing can be said of it any more."""
        return self.retired_ms is not None and pane_ms < self.retired_ms

    def judged(self, pane_ms: int, traffic: SlicedTraffic) -> PaneTraffic:
        """Keep a pane's events, which do not change any more."""
        pane = self.panes.setdefault(pane_ms, PaneLedger())
        state = traffic.to_state()
        kept = PaneTraffic(traffic.total.rows, traffic.total.performance.labelled, state)
        if pane.traffic is None and self._cumulative is not None:
            self._cumulative = self._cumulative.merge(traffic)
        pane.traffic = kept
        self.changed.add(pane_ms)
        return kept

    def put(self, partition: int, labels: PaneLabels) -> tuple[LabelEntry, int] | None:
        """Take in what a joiner says: what to keep, and how many labels more; ``None``: nothing.

        What is built from fewer offsets than what is held says less, whoever sent it.
        """
        pane = self.panes.setdefault(labels.key.pane_ms, PaneLedger())
        held = pane.entries.get(partition)
        if held is not None and (labels.first > held.first or labels.last < held.last):
            return None
        entry = LabelEntry(labels.first, labels.last, labels.labelled, labels.state)
        pane.entries[partition] = entry
        if held is None or held.state != entry.state:
            at = (labels.key.pane_ms, partition)
            self.changed.add(labels.key.pane_ms)
            if self._cumulative is not None:
                self._stale.setdefault(at, None if held is None else held.state)
        return entry, labels.labelled - (0 if held is None else held.labelled)

    def is_narrower(self, partition: int, labels: PaneLabels) -> bool:
        """Whether what a joiner says is newer than what is held, and of fewer predictions.

        So speaks the successor of one that has forgotten a part of the pane since.
        """
        pane = self.panes.get(labels.key.pane_ms)
        held = None if pane is None else pane.entries.get(partition)
        return held is not None and labels.first > held.first and labels.last > held.last

    def later(self, start_ms: int, end_ms: int, reference: Reference | None) -> SlicedTraffic:
        """What later labels tell of the panes of a window."""
        total = SlicedTraffic.empty(reference)
        for pane_ms in self._between(start_ms, end_ms):
            if self.panes[pane_ms].entries:
                total = total.merge(self.panes[pane_ms].later(reference))
        return total

    def labelled(self, start_ms: int, end_ms: int) -> int:
        """How many events of a window have a label by now."""
        return sum(self.panes[pane].labelled for pane in self._between(start_ms, end_ms))

    def rows(self, start_ms: int, end_ms: int) -> int:
        """How many events a judged window has, as far as its panes are still here."""
        kept = (self.panes[pane].traffic for pane in self._between(start_ms, end_ms))
        return sum(traffic.rows for traffic in kept if traffic is not None)

    def sweep(
        self, ends_ms: Iterable[int], reference: Reference | None
    ) -> Iterator[tuple[int, SlicedTraffic]]:
        """The windows with these ends, ascending: each end with the window's traffic.

        Every pane is read once, however many windows it is in.
        """
        queue = MergeQueue(SlicedTraffic.empty(reference), SlicedTraffic.merge)
        starts = sorted(self.panes)
        at = 0
        for end in ends_ms:
            start = self.spec.window_start(end)
            while at < len(starts) and starts[at] < end:
                if starts[at] >= start:
                    queue.push(starts[at], self.panes[starts[at]].whole(reference))
                at += 1
            queue.evict(start)
            yield end, queue.total()

    def cumulative(self, reference: Reference | None) -> SlicedTraffic:
        """Everything that was ever judged against this reference, with all of its labels."""
        if self._cumulative is None:
            total = SlicedTraffic.empty(reference)
            if self.retired:
                total = SlicedTraffic.from_state(self.retired, reference)
            for _, pane in sorted(self.panes.items()):
                total = total.merge(pane.whole(reference))
            self._cumulative = total
        total = self._cumulative
        for (pane_ms, partition), counted in self._stale.items():
            state = self.panes[pane_ms].entries[partition].state
            if state != counted:
                old = None if counted is None else SlicedTraffic.from_state(counted, reference)
                total = total.replace(old, SlicedTraffic.from_state(state, reference))
        self._stale.clear()
        self._cumulative = total
        return total

    def retire(self, before_ms: int, reference: Reference | None) -> list[tuple[int, PaneLedger]]:
        """Let panes that began before a time go; they stay in the sum."""
        gone = [(start, self.panes[start]) for start in sorted(self.panes) if start < before_ms]
        if not gone:
            return []
        if self._cumulative is not None:
            self.cumulative(reference)  # has what leaves, as it leaves
        total = SlicedTraffic.empty(reference)
        if self.retired:
            total = SlicedTraffic.from_state(self.retired, reference)
        if any(pane.traffic is not None for _, pane in gone):
            self.first_ms = self.began_ms
        for start, pane in gone:
            total = total.merge(pane.whole(reference))
            del self.panes[start]
        self.retired = total.to_state()
        self.retired_ms = before_ms
        return gone

    def _between(self, start_ms: int, end_ms: int) -> Iterator[int]:
        slide = self.spec.slide_ms
        return (pane for pane in range(start_ms, end_ms, slide) if pane in self.panes)


_encoder = msgspec.msgpack.Encoder()
_entry_decoder = msgspec.msgpack.Decoder(tuple[int, int, int, bytes])
