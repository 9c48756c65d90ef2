"""What a worker shows of itself: counts that only grow, and the present as it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from faust.types import TP

from stream_monitor.joining.joiner import JoinCounts, Joiner
from stream_monitor.kafka.open_alerts import open_alerts
from stream_monitor.kafka.standing import standing
from stream_monitor.kafka.transport import Position
from stream_monitor.metrics.histogram import DELAY, WORK, Histogram
from stream_monitor.metrics.label_view import HeldView, JoinerView, LabelsView
from stream_monitor.metrics.newest import newest
from stream_monitor.metrics.snapshot import (
    PartitionView,
    ReferenceView,
    Snapshot,
    WorkerState,
)
from stream_monitor.pipeline.counts import Counts
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.pipeline.model_state import EvaluatorCounts
from stream_monitor.pipeline.read_labels import LabelCounts
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References

#: The pieces of work that are timed.
_WORK = ("summarise", "evaluate", "emit", "labels", "join", "join_emit")


class WorkerView:
    """Collects what happens; :meth:`refresh` makes it the :attr:`snapshot` others read."""

    def __init__(self, now_ms: int) -> None:
        self.snapshot = Snapshot(started_ms=now_ms, state_since_ms=now_ms, as_of_ms=now_ms)
        self.summarising = Counts()
        self.evaluating = EvaluatorCounts()
        self.labels = LabelCounts()
        self.joining = JoinCounts()
        self.rebalances = 0
        self._durations = dict.fromkeys(_WORK, Histogram.empty(WORK))
        self._record_delays = self._report_delays = Histogram.empty(DELAY)
        self._errors = 0
        self._last_error = ""
        self._last_error_ms: int | None = None
        self._reports: dict[str, Mapping[str, Any]] = {}

    def complain(self, sentence: str) -> None:
        """Something was passed over; people should know."""
        self._errors += 1
        self._last_error = sentence
        self._last_error_ms = time.time_ns() // 1_000_000

    def summarised(self, written_ms: int, now_ms: int) -> None:
        """A batch was handled whose newest record has this Kafka time."""
        self._record_delays = self._record_delays.seen((now_ms - written_ms) / 1000)

    def published(self, publish: Publish, now_ms: int) -> None:
        """A report or alert is on its topic."""
        if publish.stream is Stream.REPORTS:
            if not publish.document["revision"]:
                late_ms = now_ms - publish.document["window"]["end_ms"]
                self._report_delays = self._report_delays.seen(late_ms / 1000)
            report = newest(self._reports.get(publish.model), publish.document)
            if report is not None:
                self._reports[publish.model] = report

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        """Count a piece of work and how long it took."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._durations[what] = self._durations[what].seen(time.perf_counter() - begun)

    def refresh(
        self,
        now_ms: int,
        state: WorkerState,
        source_topic: str,
        positions: Mapping[TP, Position],
        summarisers: Mapping[int, Summariser],
        evaluators: Iterable[Evaluator],
        references: References,
        joiners: Mapping[int, Joiner],
        is_recovering: Callable[[int], bool],
    ) -> None:
        """Swap the snapshot for one of now; ``is_recovering`` tells of a partition's joiner."""
        models = {name: model for each in evaluators for name, model in each.models.items()}
        # What the worker no longer owns must vanish with its partition.
        self._reports = {name: doc for name, doc in self._reports.items() if name in models}
        before = self.snapshot
        stage1, stage2 = self.summarising, self.evaluating
        self.snapshot = Snapshot(
            state=state,
            state_since_ms=before.state_since_ms if state is before.state else now_ms,
            started_ms=before.started_ms,
            as_of_ms=now_ms,
            records=stage1.records,
            events=stage1.events,
            without_reference=stage1.without_reference,
            rejected=stage1.rejected,
            dropped=stage1.dropped + stage2.dropped + self.joining.dropped,
            slots_received=stage2.slots,
            repeated=stage2.repeated,
            late=stage2.late,
            windows=stage2.windows,
            alerts=stage2.alerts,
            rebalances=self.rebalances,
            errors=self._errors,
            emits=self._durations["emit"],
            handles=self._took("summarise", "evaluate"),
            label_emits=self._durations["join_emit"],
            label_handles=self._took("labels", "join"),
            record_delays=self._record_delays,
            report_delays=self._report_delays,
            labels=self._labels(joiners, is_recovering),
            open_alerts=tuple(
                alert
                for name, model in sorted(models.items())
                for alert in open_alerts(name, model)
            ),
            partitions=tuple(
                self._partition(tp, at, source_topic, summarisers)
                for tp, at in sorted(positions.items())
            ),
            standings={
                name: its
                for name, model in models.items()
                if (its := standing(model, before.standings.get(name))) is not None
            },
            watermarks={
                name: model.watermark_ms
                for name, model in models.items()
                if model.watermark_ms is not None
            },
            references={
                name: ReferenceView(reference.hash, reference.created_ms, reference.baseline_error)
                for name, reference in references.all_current().items()
            },
            reports=self._reports,
            last_error=self._last_error,
            last_error_ms=self._last_error_ms,
        )

    def _took(self, *what: str) -> Histogram:
        return sum((self._durations[each] for each in what), Histogram.empty(WORK))

    def _labels(
        self, joiners: Mapping[int, Joiner], is_recovering: Callable[[int], bool]
    ) -> LabelsView:
        held: dict[str, HeldView] = {}
        for machine in joiners.values():
            for name, model in machine.models.items():
                rows = model.pending
                more = HeldView(len(rows), rows.labelled, rows.waiting_labels, rows.nbytes)
                held[name] = held.get(name, HeldView()) + more
        return LabelsView(
            records=self.labels.records,
            labels=self.labels.labels,
            rejected=self.labels.rejected,
            without_id=self.summarising.without_id,
            outcomes=self.joining.outcomes,
            slots=self.evaluating.label_slots,
            too_late=self.evaluating.too_late,
            revisions=self.evaluating.revisions,
            joiners=tuple(
                JoinerView(partition, is_recovering(partition), machine.log_bytes)
                for partition, machine in sorted(joiners.items())
            ),
            held=held,
        )

    @staticmethod
    def _partition(
        tp: TP, at: Position, source_topic: str, summarisers: Mapping[int, Summariser]
    ) -> PartitionView:
        machine = summarisers.get(tp.partition) if tp.topic == source_topic else None
        return PartitionView(
            topic=tp.topic,
            partition=tp.partition,
            position=at.processed,
            committed=at.committed,
            highwater=at.highwater,
            last_event_ms=None if machine is None else machine.watermark_ms,
        )
