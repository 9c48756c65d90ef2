"""Stage 2: the slots of all source partitions to verdicts, for the models of one partition.

The machine keeps panes and what has been judged. All of it is put into the partition's table
as it changes, in an order that makes any prefix of the writes a state to go on from: a window
is marked judged only after its report, so a stop between the two says the report again, under
the same id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stream_monitor.alerts.rule import AlertState, Window
from stream_monitor.alerts.tracker import AlertKey, AlertTracker
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.judge import judge
from stream_monitor.errors import StreamMonitorError
from stream_monitor.pipeline import state
from stream_monitor.pipeline.effects import EvaluateEffect, Publish, Stream
from stream_monitor.pipeline.lane import DueWindow, Lane
from stream_monitor.pipeline.messages import Message, Slot, SlotKey
from stream_monitor.pipeline.report import report_document
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.windows.panes import WindowSpec
from stream_monitor.windows.watermark import PartitionProgress, Watermark, candidate


@dataclass(frozen=True, slots=True)
class EvaluatorConfig:
    """What a stage-2 machine must know.

    ``reference`` finds a reference by model and hash (``None``: not known here yet, so its
    windows wait). ``settle_ms``: see :class:`~stream_monitor.windows.watermark.Watermark`. At
    most ``max_panes`` panes a lane are kept.
    """

    settings: Callable[[str], ModelSettings]
    reference: Callable[[str, str], Reference | None]
    idle_timeout_ms: int
    settle_ms: int
    max_panes: int = 20_000


@dataclass(slots=True)
class EvaluatorCounts:
    """What machines have done, one or several that share it; only ever grows."""

    slots: int = 0
    repeated: int = 0  # slots that said nothing new
    dropped: Counter[str] = field(default_factory=Counter)  # by reason
    late: Counter[str] = field(default_factory=Counter)  # events by model
    windows: Counter[tuple[str, str]] = field(default_factory=Counter)  # by model, status
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by model, status


@dataclass(slots=True)
class ModelState:
    """One model: its watermark, a lane for each reference, and each alert's state."""

    watermark: Watermark = field(default_factory=Watermark)
    lanes: dict[str, Lane] = field(default_factory=dict)
    alerts: dict[AlertKey, AlertState] = field(default_factory=dict)

    @property
    def watermark_ms(self) -> int | None:
        """How far event time has come."""
        return self.watermark.at_ms


class Evaluator:
    """The stage-2 machine of one partition of ``summaries``."""

    def __init__(self, config: EvaluatorConfig, counts: EvaluatorCounts | None = None) -> None:
        self.counts = EvaluatorCounts() if counts is None else counts
        self.models: dict[str, ModelState] = {}
        self.progress: dict[int, PartitionProgress] = {}
        self._config = config

    def restore(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Start from what :class:`Put` effects have kept, in any order."""
        slots = []
        for key, value in items:
            match state.decode(key, value):
                case state.Kept(progress=progress):
                    self.progress[progress.partition] = progress
                case state.Judged() as judged:
                    self._restore_model(judged)
                case state.KeptSlot() as kept:
                    slots.append(kept)
        for kept in slots:
            lane = self._lane(kept.key)
            if lane is not None:
                at = (kept.key.partition, kept.key.block)
                lane.restore(kept.key.pane_ms, at, kept.stored)

    def handle(self, message: Message, now_ms: int) -> list[EvaluateEffect]:
        """Take one message in; what it completes is judged."""
        if isinstance(message, Slot):
            return self._take(message)
        before = self.progress.get(message.partition)
        merged = message if before is None else before.merge(message)
        self.progress[message.partition] = merged
        return [state.put_progress(merged), *self.tick(now_ms)]

    def tick(self, now_ms: int) -> list[EvaluateEffect]:
        """Judge every window that is due now."""
        effects: list[EvaluateEffect] = []
        for model in sorted(self.models):
            effects += self._advance(model, now_ms)
        return effects

    def _take(self, slot: Slot) -> list[EvaluateEffect]:
        self.counts.slots += 1
        lane = self._lane(slot.key)
        if lane is None:
            self.counts.dropped["slide_changed"] += 1
            return []
        if lane.is_gone(slot.key.pane_ms):
            # No window will ever hold it again; a block read anew may say so more than once.
            self.counts.late[slot.key.model] += slot.rows
            return []
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
        return [state.put_slot(slot.key, kept)]

    def _lane(self, key: SlotKey) -> Lane | None:
        """The lane a slot belongs to; ``None`` if its panes are of another length than now."""
        spec = self._spec(key.model)
        if key.slide_ms != spec.slide_ms:
            return None
        model = self.models.setdefault(key.model, ModelState())
        return model.lanes.setdefault(key.reference_hash, Lane(spec))

    def _spec(self, model: str) -> WindowSpec:
        return WindowSpec.of(self._config.settings(model))

    def _advance(self, name: str, now_ms: int) -> list[EvaluateEffect]:
        model = self.models[name]
        spec = self._spec(name)
        towards = candidate(
            name,
            self.progress,
            now_ms=now_ms,
            idle_timeout_ms=self._config.idle_timeout_ms,
            closing_ms=spec.slide_ms + spec.allowed_lateness_ms,
        )
        model.watermark = model.watermark.step(towards, now_ms, self._config.settle_ms)
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
            effects += self._judge(name, hash_, reference, window)
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

    def _judge(
        self, name: str, hash_: str, reference: Reference | None, window: DueWindow
    ) -> list[EvaluateEffect]:
        model = self.models[name]
        lane = model.lanes[hash_]
        settings = self._config.settings(name)
        verdicts = judge(window.summary, reference, settings)
        tracker = AlertTracker(name, settings.alerts)
        model.alerts, events = tracker.advance(
            model.alerts, verdicts, Window(window.start_ms, window.end_ms)
        )
        report = report_document(name, hash_, reference, window, verdicts, model.alerts)
        effects: list[EvaluateEffect] = [
            Publish(Stream.REPORTS, name, str(report["report_id"]), report)
        ]
        self.counts.windows[name, str(report["status"])] += 1
        for event in events:
            self.counts.alerts[name, event.status] += 1
            event_id = f"{event.alert_id}:{event.status}"
            effects.append(Publish(Stream.ALERTS, name, event_id, event.to_dict()))
        gone = list(lane.close(window.end_ms))
        effects.append(state.put_model(name, model.lanes, model.alerts))
        return effects + [self._forget(name, hash_, lane, pane, at) for pane, at in gone]

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
            if pane is None or pane >= horizon:
                continue
            lane = model.lanes.pop(hash_)
            if lane.next_end(model.watermark_ms) is not None:
                self.counts.dropped["reference_unknown"] += 1
            effects += [
                self._forget(name, hash_, lane, start, at)
                for start, held in lane.panes.items()
                for at in held.slots
            ]
        if effects:
            effects.append(state.put_model(name, model.lanes, model.alerts))
        return effects

    @staticmethod
    def _forget(
        name: str, hash_: str, lane: Lane, pane: int, at: tuple[int, int]
    ) -> EvaluateEffect:
        return state.delete_slot(SlotKey(name, hash_, pane, lane.spec.slide_ms, *at))

    def _restore_model(self, judged: state.Judged) -> None:
        model = self.models.setdefault(judged.model, ModelState())
        for hash_, end in judged.ends.items():
            lane = model.lanes.setdefault(hash_, Lane(self._spec(judged.model)))
            lane.last_end_ms = end
        model.alerts = judged.alerts
