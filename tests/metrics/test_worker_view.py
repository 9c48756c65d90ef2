"""What a worker shows of machines that really ran."""

import pytest

from stream_monitor.config.settings import LabelSettings
from stream_monitor.joining.pending import Outcome
from stream_monitor.kafka.view import WorkerView
from stream_monitor.metrics.snapshot import Snapshot, WorkerState
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from tests.metrics.expositions import OPENMETRICS, check_openmetrics, series_of, text_of, value
from tests.metrics.worlds import NOW_MS
from tests.pipeline.events import SETTINGS, Event, log, reference
from tests.pipeline.test_late_labels import labels_log

EVENTS = 240


class Seen:
    """A worker's view of an engine whose labels come on their own."""

    def __init__(self) -> None:
        self.references = References(reference())
        settings = SETTINGS.model_copy(update={"labels": LabelSettings(revise_interval_ms=1000)})
        self.engine = LocalEngine(settings, self.references, labels=True)
        self.view = WorkerView(NOW_MS)
        self.view.summarising = self.engine.summarisers[0].counts
        self.view.evaluating = self.engine.evaluator.counts
        self.view.labels = self.engine.labels.counts
        self.view.joining = self.engine.joiner.counts
        self.published: list[Publish] = []

    def refresh(self, *, joins: bool = True, recovering: bool = False) -> Snapshot:
        self.view.refresh(
            NOW_MS,
            WorkerState.RUNNING,
            "predictions",
            {},
            dict(enumerate(self.engine.summarisers)),
            [self.engine.evaluator],
            self.references,
            {3: self.engine.joiner} if joins else {},
            lambda partition: recovering,
        )
        return self.view.snapshot

    def predict(self) -> None:
        """Half a second each; every tenth without an id."""
        events = [
            Event(i * 500, prediction="01"[i % 2], id=str(i) if i % 10 else None)
            for i in range(EVENTS)
        ]
        self.publish([*self.engine.feed(0, log(events)), *self.engine.flush()])

    def label(self) -> None:
        """Half the ids get a label, one twice, one another; ten are of nobody."""
        labels = [(str(i), "01"[i % 2], 200_000) for i in range(EVENTS // 2) if i % 10]
        labels += [("1", "1", 200_000), ("2", "1", 200_000)]
        labels += [(f"nobody-{i}", "1", 200_000) for i in range(10)]
        self.publish([*self.engine.feed_labels(labels_log(labels)), *self.engine.finish()])

    def publish(self, said: list[Publish]) -> None:
        self.published += said
        for each in said:
            self.view.published(each, NOW_MS)


@pytest.fixture(name="seen")
def _seen() -> Seen:
    seen = Seen()
    seen.predict()
    seen.label()
    return seen


def test_what_the_machines_have_done_with_labels_is_shown(seen: Seen) -> None:
    labels = seen.refresh().labels
    assert labels.records == sum(labels.labels.values()) == 108 + 2 + 10
    assert labels.without_id == {"m": EVENTS // 10}
    assert labels.outcome("m", Outcome.JOINED) == 108
    assert labels.outcome("m", Outcome.REPEATED) == labels.outcome("m", Outcome.CONTRADICTED) == 1
    assert labels.slots > 0
    held = labels.held["m"]
    assert (held.predictions, held.labelled, held.waiting) == (EVENTS * 9 // 10, 108, 10)
    assert held.nbytes > held.predictions
    assert (labels.join_ratio("m"), labels.matched_ratio("m")) == (0.5, 108 / 118)
    assert labels.joiners[0].log_bytes == seen.engine.joiner.log_bytes > 0


def test_what_is_held_vanishes_with_its_partition_and_counts_stay(seen: Seen) -> None:
    seen.refresh()
    labels = seen.refresh(joins=False).labels
    assert (labels.held, labels.joiners) == ({}, ())
    assert labels.outcome("m", Outcome.JOINED) == 108


@pytest.mark.parametrize("recovering", [True, False])
def test_a_joiner_that_reads_its_log_says_so(seen: Seen, recovering: bool) -> None:
    labels = seen.refresh(recovering=recovering).labels
    assert [(each.partition, each.recovering) for each in labels.joiners] == [(3, recovering)]


def test_what_joiners_drop_is_among_what_is_dropped(seen: Seen) -> None:
    seen.view.joining.dropped["join_gap"] += 2
    seen.view.joining.dropped["slot_too_large"] += 3
    seen.view.summarising.dropped["slot_too_large"] += 4
    dropped = seen.refresh().dropped
    assert (dropped["join_gap"], dropped["slot_too_large"]) == (2, 7)


def test_reading_and_joining_labels_is_timed_apart_from_predictions(seen: Seen) -> None:
    for work in ("labels", "join", "join_emit", "summarise"):
        with seen.view.timing(work):
            pass
    snapshot = seen.refresh()
    assert snapshot.label_handles.count == 2
    assert snapshot.label_emits.count == snapshot.handles.count == 1


def test_revisions_leave_the_newest_report_whole(seen: Seen) -> None:
    said = [each.document for each in seen.published if each.stream is Stream.REPORTS]
    first = [document for document in said if not document["revision"]]
    assert seen.refresh().labels.revisions == {"m": len(said) - len(first)}
    assert len(said) > len(first), "labels came after the windows were judged"
    kept = seen.refresh().reports["m"]
    latest = max(first, key=lambda document: document["window"]["end_ms"])
    assert kept["report_id"] == latest["report_id"]
    assert {each["family"] for each in kept["verdicts"]} == {
        "drift",
        "quality",
        "performance",
        "latency",
    }


def test_all_of_it_can_be_exported(seen: Seen) -> None:
    snapshot = seen.refresh()
    series = series_of(snapshot)
    assert value(series, "labels_waiting", model="m") == 10
    assert check_openmetrics(text_of(snapshot, OPENMETRICS)) == len(series)
