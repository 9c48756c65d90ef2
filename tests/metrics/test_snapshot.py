"""The snapshot as a value."""

from dataclasses import FrozenInstanceError
from types import MappingProxyType

import pytest

from stream_monitor.joining.pending import Outcome
from stream_monitor.metrics.label_view import HeldView, LabelsView
from stream_monitor.metrics.snapshot import (
    OpenAlert,
    PartitionView,
    ReferenceView,
    Snapshot,
    WorkerState,
)


def test_an_empty_snapshot_is_a_worker_that_starts_and_owns_nothing() -> None:
    empty = Snapshot.empty()
    assert empty.state is WorkerState.STARTING
    assert empty.models == frozenset()
    assert empty.partitions == ()


def test_what_the_worker_counts_on_does_not_change_a_snapshot_already_made() -> None:
    counts = {"m": 1}
    snapshot = Snapshot(events=counts)
    counts["m"] = 2
    counts["n"] = 1
    assert dict(snapshot.events) == {"m": 1}


def test_a_snapshot_cannot_be_changed() -> None:
    snapshot = Snapshot(events={"m": 1})
    with pytest.raises(FrozenInstanceError):
        snapshot.__setattr__("records", 5)
    assert isinstance(snapshot.events, MappingProxyType)


def test_a_model_is_known_by_whatever_is_said_of_it() -> None:
    snapshot = Snapshot(
        events={"a": 1},
        without_reference={"b": 1},
        late={"c": 1},
        windows={("d", "ok"): 1},
        alerts={("e", "started"): 1},
        open_alerts=(OpenAlert("f", "drift", "ks", "feature:x", "warning"),),
        watermarks={"g": 1},
        references={"h": ReferenceView("0" * 16, 1)},
        reports={"i": {}},
        labels=LabelsView(
            labels={"j": 1},
            without_id={"k": 1},
            too_late={"l": 1},
            revisions={"m": 1},
            outcomes={("n", Outcome.JOINED): 1},
            held={"o": HeldView(1)},
        ),
    )
    assert snapshot.models == frozenset("abcdefghijklmno")


@pytest.mark.parametrize(
    ("view", "records", "seconds"),
    [
        (PartitionView("t", 0, 10, 0, 25, 4_000), 15, 6.0),
        (PartitionView("t", 0, 25, 0, 25, 4_000), 0, 0.0),  # all is read: old, but not behind
        (PartitionView("t", 0, 26, 0, 25, 4_000), 0, 0.0),  # the position was newer
        (PartitionView("t", 0, 10, 0, 25, 12_000), 15, 0.0),  # event time ahead of the clock
        (PartitionView("t", 0, 10, 0, 25), 15, None),  # nothing handled yet
        (PartitionView("t", 0, 10, 0, None, 4_000), None, 6.0),
        (PartitionView("t", 0), None, None),
    ],
)
def test_lag_is_of_what_is_written_and_not_yet_read(
    view: PartitionView, records: int | None, seconds: float | None
) -> None:
    assert (view.lag_records, view.lag_seconds(10_000)) == (records, seconds)
