"""Labels that come later as series."""

import pytest
from prometheus_client import CollectorRegistry

from stream_monitor.joining.pending import Outcome
from stream_monitor.metrics.caps import Caps
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.label_view import HeldView, LabelsView
from stream_monitor.metrics.snapshot import Snapshot
from tests.metrics.expositions import read, series_of, value, values_of
from tests.metrics.worlds import busy, labels


def test_counts_of_labels_are_what_the_snapshot_says() -> None:
    series = series_of(busy())
    assert value(series, "label_records_total") == 90
    assert value(series, "label_records_rejected_total", reason="missing_field") == 5
    assert value(series, "labels_total", model="m") == 85
    assert value(series, "predictions_without_id_total", model="m") == 7
    assert value(series, "join_outcomes_total", model="m", outcome="joined") == 60
    assert value(series, "join_outcomes_total", model="m", outcome="contradicted") == 2
    assert value(series, "label_slots_received_total") == 14
    assert value(series, "labels_too_late_total", model="m") == 4
    assert value(series, "reports_revised_total", model="m") == 6
    assert value(series, "label_handle_seconds_sum") == 0.75
    assert value(series, "label_emit_seconds_count") == 10


def test_what_joiners_hold_is_told_of_each_model() -> None:
    series = series_of(busy())
    assert value(series, "predictions_held", model="m") == 200
    assert value(series, "predictions_held_labelled", model="m") == 50
    assert value(series, "labels_waiting", model="m") == 8
    assert value(series, "predictions_held_bytes", model="m") == 16_000
    assert value(series, "label_join_ratio", model="m") == 0.25
    assert value(series, "labels_matched_ratio", model="m") == 60 / (60 + 12 + 8)


def test_a_joiner_that_reads_its_log_is_told_by_its_partition() -> None:
    series = series_of(busy())
    assert value(series, "joiner_recovering", partition="0") == 0
    assert value(series, "joiner_recovering", partition="3") == 1
    assert value(series, "joiner_log_bytes", partition="3") == 512


def test_what_is_held_vanishes_with_the_partition_and_counts_stay() -> None:
    current = busy()
    exporter = Exporter(lambda: current, CollectorRegistry())
    exporter.expose()
    current = busy(labels=labels(joiners=(), held={}), partitions=())
    series = read(exporter.expose().body.decode())
    assert values_of(series, "partition") == set()
    assert not any("held" in name or "labels_waiting" in name for name, _ in series)
    assert value(series, "join_outcomes_total", model="m", outcome="joined") == 60


@pytest.mark.parametrize(
    ("outcomes", "held", "joined", "matched"),
    [
        ({}, {}, None, None),
        ({}, {"m": HeldView(0, 0, 3)}, None, 0.0),
        ({}, {"m": HeldView(4, 1, 0)}, 0.25, None),
        ({Outcome.JOINED: 3}, {"m": HeldView(4, 4, 1)}, 1.0, 0.75),
        ({Outcome.REPEATED: 3, Outcome.CONTRADICTED: 1, Outcome.EXPIRED: 9}, {}, None, None),
    ],
)
def test_a_share_is_told_only_where_there_is_something_it_is_of(
    outcomes: dict[Outcome, int],
    held: dict[str, HeldView],
    joined: float | None,
    matched: float | None,
) -> None:
    view = LabelsView(outcomes={("m", each): n for each, n in outcomes.items()}, held=held)
    assert (view.join_ratio("m"), view.matched_ratio("m")) == (joined, matched)


def test_what_is_held_in_several_partitions_is_added_up() -> None:
    assert HeldView(1, 2, 3, 4) + HeldView(10, 20, 30, 40) == HeldView(11, 22, 33, 44)


def test_labels_of_made_up_models_are_capped_as_all_models_are() -> None:
    flood = {f"a{i}": 1 for i in range(50)}
    series = series_of(Snapshot(labels=LabelsView(labels=flood)), Caps(models=3))
    assert len(values_of(series, "model") - {"model"}) == 3
    assert value(series, "labels_dropped", label="model") == 47
