"""Stage 2: the slots of all source partitions to verdicts, for the models of one partition.

The machine keeps panes and what has been judged. All of it is put into the partition's table
as it changes, in an order that makes any prefix of the writes a state to go on from: a window
is marked judged only after its report, so a stop between the two says the report again, under
the same id.
"""

from __future__ import annotations

from collections.abc import Iterable

from stream_monitor.errors import StreamMonitorError
from stream_monitor.pipeline import state
from stream_monitor.pipeline.effects import EvaluateEffect
from stream_monitor.pipeline.items import PaneRef
from stream_monitor.pipeline.judging import Judging, forget_slot
from stream_monitor.pipeline.lane import Lane
from stream_monitor.pipeline.messages import LabelSlot, Message, Slot
from stream_monitor.pipeline.model_state import EvaluatorConfig, EvaluatorCounts, ModelState
from stream_monitor.pipeline.restore import restore
from stream_monitor.pipeline.revising import Revising
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.windows.hearing import Hearing
from stream_monitor.windows.panes import WindowSpec
from stream_monitor.windows.watermark import Moment, PartitionProgress, candidate


class Evaluator:
    """The stage-2 machine of one partition of ``summaries``."""

    def __init__(self, config: EvaluatorConfig, counts: EvaluatorCounts | None = None) -> None:
        self.counts = EvaluatorCounts() if counts is None else counts
        self.models: dict[str, ModelState] = {}
        self.progress: dict[int, PartitionProgress] = {}
        self._said_blocks = False
        self._hearing = Hearing()
        self._config = config
        self._judging = Judging(config, self.counts)
        self._revising = Revising(config, self.counts)

    @property
    def unrevised(self) -> int:
        """Windows whose labels have changed since their last report."""
        return sum(len(model.unrevised) for model in self.models.values())

    def restore(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Start from what :class:`Put` effects have kept, in any order."""
        self.models, self.progress = restore(self._config, items)
        self._said_blocks = False
        self._hearing = Hearing()

    def handle(self, message: Message, now_ms: int) -> list[EvaluateEffect]:
        """Take one message in; what it completes is judged."""
        if isinstance(message, Slot):
            return self._take(message)
        if isinstance(message, LabelSlot):
            return self._take_labels(message)
        before = self.progress.get(message.partition)
        merged = message if before is None else before.merge(message)
        self.progress[message.partition] = merged
        self._hearing.hear(message.partition)
        return [state.put_progress(merged), *self.tick(now_ms)]

    def tick(self, now_ms: int) -> list[EvaluateEffect]:
        """Judge every window that is due now."""
        effects: list[EvaluateEffect] = []
        partitions = max((there.partitions for there in self.progress.values()), default=0)
        again = self._hearing.again(range(partitions))
        moment = Moment(now_ms, self._hearing.words, again)
        for model in sorted(self.models):
            effects += self._advance(model, moment)
        return effects

    def _take(self, slot: Slot) -> list[EvaluateEffect]:
        self.counts.slots += 1
        key = slot.key
        if self._has_left(key.model, key.pane_ms, key.reference_hash):
            return self._pass_over(slot)
        lane = self._lane(key.model, key.reference_hash, key.slide_ms)
        if lane is None:
            self.counts.dropped["slide_changed"] += 1
            return []
        if lane.is_gone(slot.key.pane_ms):
            return self._pass_over(slot)
        try:
            taken = lane.add(slot, self._config.max_panes)
        except OverflowError:
            self.counts.dropped["kept_panes"] += 1
            return []
        if taken is None:
            self.counts.repeated += 1
            return []
        kept, late = taken
        self.counts.late[slot.key.model] += late
        put = state.put_slot(slot.key, kept)
        if self._said_blocks:
            return [put]
        self._said_blocks = True  # anew after each start, as an older version has not said it
        return [state.put_blocks(self._config.block_size), put]

    def _take_labels(self, slot: LabelSlot) -> list[EvaluateEffect]:
        self.counts.label_slots += 1
        labels = slot.labels
        name, hash_, pane_ms, slide_ms = labels.key
        if self._has_left(name, pane_ms, hash_):
            self.counts.dropped["labels_retired"] += 1
            return []
        lane = self._lane(name, hash_, slide_ms)
        if lane is None:
            self.counts.dropped["slide_changed"] += 1
            return []
        ledger = lane.ledger
        if ledger.is_retired(pane_ms):
            self.counts.dropped["labels_retired"] += 1
            return []
        if pane_ms not in ledger.panes and len(ledger.panes) >= self._config.max_panes:
            self.counts.dropped["kept_panes"] += 1
            return []
        if ledger.is_narrower(slot.partition, labels):
            self.counts.dropped["labels_narrower"] += 1
            return []
        taken = ledger.put(slot.partition, labels)
        if taken is None:
            self.counts.repeated += 1
            return []
        entry, more = taken
        if more and not self.models[name].note(pane_ms, hash_, lane.spec) and lane.is_gone(pane_ms):
            self.counts.too_late[name] += more
        return [state.put_entry(PaneRef(name, hash_, pane_ms, slide_ms), slot.partition, entry)]

    def _pass_over(self, slot: Slot) -> list[EvaluateEffect]:
        """No window will ever hold the pane again: it is late, or was told in time and is again."""
        there = self.progress.get(slot.key.partition)
        if there is not None and slot.last < there.position:
            self.counts.repeated += 1
        else:  # of the block that was being read, more than what is new may be told again
            self.counts.late[slot.key.model] += slot.rows
        return []

    def _has_left(self, name: str, pane_ms: int, hash_: str) -> bool:
        model = self.models.get(name)
        return model is not None and model.has_left(pane_ms, hash_)

    def _lane(self, name: str, hash_: str, slide_ms: int) -> Lane | None:
        """A model's lane; ``None`` if the panes are of another length than now."""
        spec = self._config.spec(name)
        if slide_ms != spec.slide_ms:
            return None
        model = self.models.setdefault(name, ModelState())
        return model.lanes.setdefault(hash_, Lane.of(spec))

    def _advance(self, name: str, moment: Moment) -> list[EvaluateEffect]:
        model = self.models[name]
        spec = self._config.spec(name)
        towards = candidate(
            name,
            self.progress,
            now_ms=moment.now_ms,
            idle_timeout_ms=self._config.idle_timeout_ms,
            closing_ms=spec.slide_ms + spec.allowed_lateness_ms,
        )
        model.watermark = model.watermark.step(towards, moment, self._config.settle_ms)
        if model.watermark_ms is None:
            return []
        effects: list[EvaluateEffect] = []
        while (due := self._next(name, model)) is not None:
            hash_, reference, end = due
            try:
                window = model.lanes[hash_].window(end, reference)
            except StreamMonitorError:
                self.counts.dropped["unlike"] += 1
                model.lanes[hash_].panes.pop(end - spec.slide_ms)
                continue
            effects += self._judging.judge(name, model, hash_, reference, window)
        effects += self._revising.revise(name, model, moment.now_ms)
        effects += self._revising.close(name, model)
        return effects + self._retire(name, model, spec)

    def _next(self, name: str, model: ModelState) -> tuple[str, Reference | None, int] | None:
        """The earliest window due over all lanes whose reference is known here."""
        assert model.watermark_ms is not None
        best: tuple[int, int, str, Reference | None] | None = None
        for hash_, lane in model.lanes.items():
            end = lane.next_end(model.watermark_ms)
            if end is None:
                continue
            reference = None
            if hash_ != NO_REFERENCE:
                reference = self._config.reference(name, hash_)
                if reference is None:
                    continue  # its windows wait
            # At the same end the lane that began earlier goes first: the newer has the last word.
            turn = (end, min(lane.panes), hash_, reference)
            if best is None or turn[:3] < best[:3]:
                best = turn
        return None if best is None else (best[2], best[3], best[0])

    def _retire(self, name: str, model: ModelState, spec: WindowSpec) -> list[EvaluateEffect]:
        """Drop lanes of replaced references, once event time has left their last window."""
        if len(model.lanes) < 2 or model.watermark_ms is None:
            return []
        newest = {hash_: max(lane.panes, default=None) for hash_, lane in model.lanes.items()}
        latest = max((pane for pane in newest.values() if pane is not None), default=None)
        if latest is None:
            return []
        effects: list[EvaluateEffect] = []
        horizon = min(model.watermark_ms, latest) - spec.window_ms - spec.allowed_lateness_ms
        for hash_, pane in newest.items():
            if pane is not None and pane >= horizon:
                continue
            lane = model.lanes[hash_]
            if lane.next_end(model.watermark_ms) is not None:
                self.counts.dropped["reference_unknown"] += 1
            effects += [
                forget_slot(name, hash_, lane, start, at)
                for start, held in lane.panes.items()
                for at in held.slots
            ]
            lane.panes.clear()
            if not lane.ledger.panes:  # no label can come any more
                del model.lanes[hash_]
                model.left_ms = horizon if model.left_ms is None else max(horizon, model.left_ms)
                effects += [*state.delete_lane(name, hash_), model.put(name)]
        return effects
