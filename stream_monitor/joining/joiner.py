"""One partition of ``joins``: predictions and labels in, what labels tell of each pane out.

The log is the state. A joiner keeps nothing but what its partition says from the offset
:attr:`Joiner.floor` on; that offset is committed, and whoever takes the partition over reads
from there and knows the same. What comes out of a pane is cumulative and names the offsets it
is built from, so that a later one replaces an earlier one and is never added to it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from stream_monitor.joining.given import Fresh
from stream_monitor.joining.messages import (
    BadJoinMessageError,
    LabelPart,
    PredictionPart,
    Source,
    decode_join,
)
from stream_monitor.joining.pending import Outcome, Pending
from stream_monitor.joining.place import check_place
from stream_monitor.joining.ranges import GapError, Ranges
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.summaries.slices import SlicedTraffic, Slicing


@dataclass(frozen=True, slots=True)
class JoinerConfig:
    """What a joiner must know.

    ``slide_ms`` and ``slicing`` are a model's, ``reference`` finds one by model and hash.
    Predictions are kept for ``retention_ms`` of event time behind the model's newest one, and
    no more than ``max_bytes`` of the log; what goes beyond is forgotten, the oldest first. At
    most ``max_models`` models are followed.
    """

    slide_ms: Callable[[str], int]
    slicing: Callable[[str], Slicing]
    reference: Callable[[str, str], Reference | None]
    retention_ms: int
    max_bytes: int
    max_models: int = 1000


@dataclass(slots=True)
class JoinCounts:
    """What joiners have done, one or several that share it; only ever grows.

    A partition that is read again is counted again.
    """

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)  # by model
    dropped: Counter[str] = field(default_factory=Counter)  # rows by reason
    errors: Counter[str] = field(default_factory=Counter)  # sentences


class PaneKey(NamedTuple):
    """A pane of a model against one reference."""

    model: str
    reference_hash: str
    pane_ms: int
    slide_ms: int


@dataclass(frozen=True, slots=True)
class PaneLabels:
    """All labels of a pane's predictions in one partition of ``joins``.

    Built from the offsets ``[first, last]`` of the partition and nothing else.
    """

    key: PaneKey
    first: int
    last: int
    labelled: int  # with a prediction, as the state counts them
    state: bytes  # of a SlicedTraffic without rows


@dataclass(slots=True)
class _Pane:
    first: int
    labelled: int
    state: bytes


@dataclass(slots=True)
class _Model:
    pending: Pending
    panes: dict[PaneKey, _Pane] = field(default_factory=dict)


class Joiner:
    """The machine of one partition of ``joins``, which has ``partitions`` of them.

    Feed it the partition's messages in offset order with :meth:`handle`, call :meth:`flush`
    now and then.
    """

    def __init__(
        self,
        config: JoinerConfig,
        counts: JoinCounts | None = None,
        start: int = 0,
        partition: int = 0,
        partitions: int = 1,
    ) -> None:
        self.counts = JoinCounts() if counts is None else counts
        self.models: dict[str, _Model] = {}
        self.position = start  # the next offset
        self._start = start
        self._partition = partition
        self._partitions = partitions
        self._config = config
        self._ranges = Ranges(from_start=start == 0)
        self._log: deque[tuple[int, int]] = deque()  # offset and bytes of the messages held
        self._held_bytes = 0
        self._last: dict[Source, int] = {}  # the offset of the last message taken
        self._gaps: dict[Source, int] = {}  # of sources with a gap: what came before it

    @property
    def floor(self) -> int:
        """The offset from which on the log has to be read again by a successor."""
        firsts = [m.pending.first_offset for m in self.models.values()]
        held = [first for first in firsts if first is not None]
        return min([*held, *self._gaps.values()], default=self.position)

    @property
    def log_bytes(self) -> int:
        """Bytes of the messages that are held."""
        return self._held_bytes

    def handle(self, offset: int, data: bytes) -> None:
        """Take one message in; what cannot be read is counted, and nothing else is lost.

        Raises:
            ConfigurationError: rows of it would be told to another partition now, and so are
                the labels that come for them.
        """
        self.position = offset + 1
        try:
            message = decode_join(data)
            check_place(message, self._partition, self._partitions)
            new = self._ranges.take(message.source, message.range)
        except BadJoinMessageError as error:
            self.counts.errors[str(error)] += 1
            return
        except GapError:
            # A successor must see the gap too, and not take what is behind it for a beginning.
            self._gaps[message.source] = self._last.get(message.source, self._start)
            self.counts.dropped["join_gap"] += 1
            return
        if not new:
            return
        self._last[message.source] = offset
        self._gaps.pop(message.source, None)
        self._log.append((offset, len(data)))
        self._held_bytes += len(data)
        for part in message.parts:
            fresh = np.flatnonzero(
                np.any(
                    [(part.offsets >= start) & (part.offsets < end) for start, end in new], axis=0
                )
            )
            if len(fresh):
                self._take(part if len(fresh) == len(part) else part.take(fresh), offset)

    def flush(self) -> Iterator[PaneLabels]:
        """What labels tell of each pane for which more is known now, then forget what is old.

        Each pane is summed up when it is asked for. Ask for all, and :meth:`handle` nothing
        in between.
        """
        for name, model in self.models.items():
            for key in self._settle(name, model):
                pane = model.panes[key]
                yield PaneLabels(key, pane.first, self.position - 1, pane.labelled, pane.state)
        self._forget()

    def _take(self, part: PredictionPart | LabelPart, offset: int) -> None:
        model = self.models.get(part.model)
        if model is None:
            if len(self.models) >= self._config.max_models:
                self.counts.dropped["join_models"] += len(part)
                return
            model = self.models[part.model] = _Model(Pending())
        pending = model.pending
        if isinstance(part, LabelPart):
            pending.add_labels(part, offset)
        else:
            pending.add_predictions(part, offset)
        self._count(part.model, pending)

    def _count(self, name: str, pending: Pending) -> None:
        for outcome, count in pending.counts.items():
            self.counts.outcomes[name, outcome] += count
        pending.counts.clear()
        self.counts.dropped["slice_combinations"] += pending.slices.dropped
        pending.slices.dropped = 0

    def _settle(self, name: str, model: _Model) -> Iterator[PaneKey]:
        """Sum up the rows that have got a label since the last time; each pane once."""
        slide = self._config.slide_ms(name)
        horizon = self._horizon(name, model.pending)
        for hash_, fresh in model.pending.take_fresh():
            reference = self._reference(name, hash_)
            if reference is None and hash_ != NO_REFERENCE:
                model.pending.put_back(fresh)  # it may become known while they are held
                continue
            panes = np.floor_divide(model.pending.times(fresh.rows), slide) * slide
            order = np.argsort(panes, kind="stable")
            starts, at = np.unique(panes[order], return_index=True)
            for start, rows in zip(starts.tolist(), np.split(order, at[1:]), strict=True):
                key = PaneKey(name, hash_, start, slide)
                if start + slide <= horizon and key not in model.panes:
                    # What was known of it is forgotten, and must not be begun anew.
                    self.counts.dropped["join_past_retention"] += len(rows)
                    continue
                self._add(name, model, key, fresh.take(rows), reference)
                yield key

    def _add(
        self,
        name: str,
        model: _Model,
        key: PaneKey,
        fresh: Fresh,
        reference: Reference | None,
    ) -> None:
        pending, slicing = model.pending, self._config.slicing(name)
        found = SlicedTraffic.of(
            pending.labels(fresh.rows),
            pending.predictions(fresh.rows),
            pending.slices.cuts(pending.slice_codes(fresh.rows)),
            slicing.cap,
            reference,
            delays_s=fresh.delays_s,
        )
        first = int(fresh.firsts.min())
        before = model.panes.get(key)
        if before is not None:
            found = SlicedTraffic.from_state(before.state, reference).merge(found)
            first = min(first, before.first)
        labelled = found.total.performance.labelled
        model.panes[key] = _Pane(first, labelled, found.to_state())

    def _forget(self) -> None:
        """Drop what is past its retention, and the oldest of what is beyond the byte budget."""
        while self._held_bytes > self._config.max_bytes and len(self._log) > 1:
            self._held_bytes -= self._log.popleft()[1]
        below = self._log[0][0] if self._log else self.position
        for name, model in self.models.items():
            pending = model.pending
            horizon = self._horizon(name, pending)
            dropped = pending.drop(horizon, below)
            self.counts.dropped["join_reference_unknown"] += dropped
            self._count(name, pending)
            gone = [k for k in model.panes if k.pane_ms + k.slide_ms <= horizon]
            for key in gone:
                del model.panes[key]
        self._gaps = {source: at for source, at in self._gaps.items() if at >= below}
        floor = self.floor
        while self._log and self._log[0][0] < floor:
            self._held_bytes -= self._log.popleft()[1]

    def _horizon(self, name: str, pending: Pending) -> int:
        """Event time before which a model's predictions are forgotten: the start of a pane.

        A pane is forgotten as a whole: a successor that knew half of it would say less of it.
        """
        if pending.newest_ms is None:
            return _NEVER
        slide = self._config.slide_ms(name)
        return (pending.newest_ms - self._config.retention_ms) // slide * slide

    def _reference(self, model: str, hash_: str) -> Reference | None:
        return None if hash_ == NO_REFERENCE else self._config.reference(model, hash_)


#: Before all event times.
_NEVER = -(2**62)
