"""The exposition of a snapshot, read back with parsers that are not ours."""

import gzip
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from stream_monitor.joining.pending import Outcome
from stream_monitor.metrics.caps import Caps
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.families import label_text
from stream_monitor.metrics.snapshot import OpenAlert, ReferenceView, Snapshot, WorkerState
from tests.metrics.expositions import (
    OPENMETRICS,
    check_openmetrics,
    problems,
    read,
    series_of,
    text_of,
    value,
    values_of,
)
from tests.metrics.worlds import HOSTILE, NOW_MS, busy, reports
from tests.pipeline.events import EPOCH_MS


@pytest.mark.parametrize("snapshot", [Snapshot.empty(), busy()], ids=["empty", "busy"])
def test_nothing_breaks_the_conventions(snapshot: Snapshot) -> None:
    assert problems(text_of(snapshot)) == []


def test_known_label_sets_are_there_at_zero_before_anything_happens() -> None:
    series = series_of(Snapshot.empty())
    assert value(series, "records_rejected_total", reason="not_json") == 0
    assert value(series, "records_rejected_total", reason="future_timestamp") == 0
    assert value(series, "dropped_total", limit="models") == 0
    assert value(series, "dropped_total", limit="join_gap") == 0
    assert value(series, "label_records_rejected_total", reason="missing_field") == 0
    assert value(series, "alerts_open", severity="critical") == 0
    assert value(series, "labels_dropped", label="model") == 0


def test_a_model_with_a_reference_has_its_counts_at_zero_before_its_first_event() -> None:
    series = series_of(Snapshot(references={"new": ReferenceView("0" * 16, 1)}))
    assert value(series, "events_total", model="new") == 0
    assert value(series, "windows_total", model="new", status="alarm") == 0
    assert value(series, "alerts_total", model="new", status="started") == 0
    for outcome in Outcome:
        assert value(series, "join_outcomes_total", model="new", outcome=outcome) == 0
    for name in ("labels", "labels_too_late", "reports_revised", "predictions_without_id"):
        assert value(series, f"{name}_total", model="new") == 0


@pytest.mark.parametrize("state", WorkerState)
def test_just_one_state_is_1(state: WorkerState) -> None:
    series = series_of(Snapshot(state=state))
    on = {s for s in WorkerState if value(series, "worker_state", state=s)}
    assert on == {state}


def test_counts_are_what_the_snapshot_says() -> None:
    series = series_of(busy())
    assert value(series, "records_total") == 260
    assert value(series, "events_total", model="m") == 240
    assert value(series, "records_rejected_total", reason="not_json") == 17
    assert value(series, "dropped_total", limit="open_panes") == 2
    assert value(series, "dropped_total", limit="new_limit") == 1
    assert value(series, "events_late_total", model="m") == 5
    assert value(series, "windows_total", model="m", status="thin") == 1
    assert value(series, "alerts_total", model="m", status="started") == 2
    assert value(series, "alerts_total", model="m", status="escalated") == 1
    for status in ("ongoing", "recovered", "withdrawn"):
        assert value(series, "alerts_total", model="m", status=status) == 0
    assert value(series, "rebalances_total") == 3
    assert value(series, "handle_seconds_count") == 12
    assert value(series, "handle_seconds_sum") == 1.25


def test_lag_is_told_in_records_and_in_seconds() -> None:
    series = series_of(busy())
    assert value(series, "lag_records", topic="predictions", partition="0") == 20
    assert value(series, "lag_seconds", topic="predictions", partition="0") == 480
    assert value(series, "lag_records", topic="predictions", partition="1") == 0
    assert value(series, "lag_seconds", topic="predictions", partition="1") == 0
    assert "2" not in values_of(series, "partition"), "nothing is known of it yet"


def test_times_are_seconds_since_1970() -> None:
    series = series_of(busy())
    assert value(series, "watermark_timestamp_seconds", model="m") == EPOCH_MS / 1000 + 90
    assert value(series, "snapshot_timestamp_seconds") == NOW_MS / 1000
    assert value(series, "worker_start_timestamp_seconds") == NOW_MS / 1000 - 60
    assert "stream_monitor_snapshot_timestamp_seconds" not in text_of(Snapshot.empty())


def test_open_alerts_are_listed_and_counted_by_severity() -> None:
    series = series_of(busy())
    labels = {"family": "drift", "monitor": "ks", "column": "feature:x", "severity": "critical"}
    assert value(series, "alert_active", model="m", **labels) == 1
    assert value(series, "alerts_open", severity="warning") == 1


def test_a_model_that_has_left_the_snapshot_has_no_series() -> None:
    current = busy()
    exporter = Exporter(lambda: current, CollectorRegistry())
    before = read(exporter.expose().body.decode())
    assert "m" in values_of(before, "model")
    current = Snapshot(events={"n": 1}, state=WorkerState.RUNNING)
    after = read(exporter.expose().body.decode())
    assert values_of(after, "model") == {"n"}
    assert values_of(after, "column") == set()


def test_models_beyond_the_cap_have_no_series_and_are_counted() -> None:
    flood = {f"a{i:03}": 1 for i in range(300)}
    snapshot = busy(events={"m": 240, **flood}, without_reference=flood)
    series = series_of(snapshot, Caps(models=10))
    assert len(values_of(series, "model")) == 10
    assert "m" in values_of(series, "model"), "it has a reference"
    assert value(series, "labels_dropped", label="model") == 291
    assert value(series, "records_total") == 260


def test_columns_beyond_the_cap_have_no_series_and_are_counted() -> None:
    everything = values_of(series_of(busy(open_alerts=())), "column") - {""}
    series = series_of(busy(open_alerts=()), Caps(columns=1))
    assert values_of(series, "column") == {"feature:x", ""}
    # two classes and a version take a place as columns do
    assert value(series, "labels_dropped", label="column") == len(everything) + 3 - 1
    assert value(series, "columns_drifted", model="m") >= 1, "the count is whole"


def test_alerts_beyond_the_cap_are_counted_and_critical_ones_go_first() -> None:
    alerts = tuple(
        OpenAlert("m", "drift", "ks", f"feature:{i}", "critical" if i == 7 else "warning")
        for i in range(9)
    )
    series = series_of(busy(open_alerts=alerts), Caps(alerts=1))
    assert [dict(k[1])["column"] for k in series if k[0].endswith("alert_active")] == ["feature:7"]
    assert value(series, "alerts_open", severity="warning") == 8
    assert value(series, "labels_dropped", label="alert") == 8


def test_a_newcomer_does_not_hide_what_was_shown() -> None:
    current = Snapshot(events={"b": 1, "c": 1})
    exporter = Exporter(lambda: current, CollectorRegistry(), Caps(models=2))
    exporter.expose()
    current = Snapshot(events={"a": 1, "b": 1, "c": 1})
    assert values_of(read(exporter.expose().body.decode()), "model") == {"b", "c"}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=4))
def test_any_name_of_a_model_and_a_column_comes_through(models: list[str]) -> None:
    snapshot = Snapshot(
        events=dict.fromkeys(models, 1),
        open_alerts=tuple(OpenAlert(m, "drift", "ks", m, "warning") for m in models),
    )
    series = read(text_of(snapshot))
    assert values_of(series, "model") == {label_text(model) for model in models}
    assert check_openmetrics(text_of(snapshot, OPENMETRICS)) == len(series)


def test_a_name_that_no_encoding_can_write_is_escaped() -> None:
    assert label_text("a\ud800b\x00\nc") == "a\\ud800b\\x00\\x0ac"
    assert label_text("café, 模型 / 1\u2028") == "café, 模型 / 1\u2028"
    assert label_text(HOSTILE) in values_of(series_of(busy()), "model")


def test_names_that_escape_to_the_same_text_give_one_series() -> None:
    series = series_of(Snapshot(events={"a\x00": 1, "a\\x00": 2}))
    assert values_of(series, "model") == {"a\\x00"}


def test_a_scrape_is_compressed_only_for_who_accepts_it() -> None:
    exporter = Exporter(Snapshot.empty, CollectorRegistry())
    plain, packed = exporter.expose(), exporter.expose(accept_encoding="br, gzip;q=0.5")
    assert (plain.encoding, packed.encoding) == (None, "gzip")
    assert gzip.decompress(packed.body) == plain.body


def test_a_scrape_can_ask_for_single_metrics() -> None:
    exporter = Exporter(busy, CollectorRegistry())
    body = exporter.expose(only=["stream_monitor_records_total"]).body.decode()
    assert read(body) == {("stream_monitor_records_total", frozenset()): 260}


def test_an_own_registry_tells_of_the_process_too() -> None:
    assert b"\nprocess_resident_memory_bytes " in Exporter(Snapshot.empty).expose().body


def test_scrapes_at_the_same_time_each_see_one_whole_snapshot() -> None:
    counts = [0]

    def current() -> Snapshot:
        counts[0] += 1
        n = counts[0]
        return busy(records=n, events={"m": n})

    exporter = Exporter(current, CollectorRegistry())
    torn: list[str] = []

    def scrape() -> None:
        for _ in range(10):
            series = read(exporter.expose().body.decode())
            if value(series, "records_total") != value(series, "events_total", model="m"):
                torn.append("torn")

    threads = [threading.Thread(target=scrape) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torn == []
    assert counts == [40]


def test_a_series_of_the_latest_report_follows_it() -> None:
    ends = [
        value(series_of(busy(reports={"m": report})), "window_end_timestamp_seconds", model="m")
        for report in reports()
    ]
    assert ends == [report["window"]["end_ms"] / 1000 for report in reports()]
