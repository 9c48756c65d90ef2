"""The test that defines the system: however it runs, it says what one batch pass says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.budget import parse
from stream_monitor.config.monitors import QualitySettings, SliceSettings
from stream_monitor.config.settings import LabelSettings, Settings
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from stream_monitor.testing.cluster import FakeCluster
from tests.pipeline.events import (
    EPOCH_MS,
    LATENESS_MS,
    SETTINGS,
    SLIDE_MS,
    WINDOW_MS,
    Event,
    judged,
    log,
    reference,
)

PARTITIONS = 3
WITHOUT_LABELS = SETTINGS.model_copy(update={"labels": LabelSettings(join=False)})
#: With a limit on rows; of the versions too few are kept for all.
JUDGED = SETTINGS.model_copy(
    update={
        "defaults": SETTINGS.defaults.model_copy(
            update={
                "quality": QualitySettings(min_rows=12),
                "slices": SliceSettings(max_values=2, min_rise=0.0),
                "false_alarms": parse("50 per 1m"),
            }
        )
    }
)

odd_values = st.sampled_from([None, "text", True, 1e300, -1e300, 7, [1], 0.25])
events = st.builds(
    Event,
    at_ms=st.integers(0, 240_000),
    x=st.floats(-3, 6, allow_nan=False).map(lambda v: round(v, 1)) | odd_values,
    c=st.sampled_from(["a", "b", "c", "new", None, 3, {"no": 1}]),
    prediction=st.sampled_from("01"),
    truth=st.sampled_from(["0", "1", None]),
    id=st.integers(0, 60).map(str) | st.none(),
    latency_ms=st.floats(0, 1e4),
    version=st.sampled_from([None, "1", "2", "3"]),
)
#: An event, how long it is under way, and the partition it goes to.
sent = st.tuples(events, st.integers(0, LATENESS_MS), st.integers(0, PARTITIONS - 1))
partition = st.integers(0, PARTITIONS - 1)
share = st.floats(0, 1)
steps = st.one_of(
    st.tuples(st.just("read"), partition, st.integers(1, 40)),
    st.tuples(st.just("flush"), partition),
    st.tuples(st.just("deliver"), partition),
    st.tuples(st.just("commit"), partition),
    st.tuples(st.just("crash_reader"), partition, share, share),
    st.tuples(st.just("usurp_reader"), partition),
    st.tuples(st.just("zombie_reads"), partition, st.integers(1, 40), st.booleans()),
    st.tuples(st.just("read_summaries"), st.integers(1, 30)),
    st.tuples(st.just("commit_evaluator")),
    st.tuples(st.just("crash_evaluator"), share),
)


def batch_pass(
    ordered: list[Event], settings: Settings = JUDGED
) -> dict[Stream, dict[str, dict[str, Any]]]:
    """What one reader says of all events in the order of their time."""
    engine = LocalEngine(settings, References(reference()))
    said: dict[Stream, dict[str, dict[str, Any]]] = {Stream.REPORTS: {}, Stream.ALERTS: {}}
    for publish in [*engine.feed(0, log(ordered)), *engine.finish()]:
        assert publish.id not in said[publish.stream]
        said[publish.stream][publish.id] = judged(dict(publish.document))
    return said


@given(st.lists(sent, max_size=150), st.lists(steps, max_size=60), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_partitioning_order_within_lateness_duplicates_and_restarts_give_the_batch_report(
    stream: list[tuple[Event, int, int]], schedule: list[tuple[Any, ...]], join: bool
) -> None:
    # Without labels to come windows close and panes leave at once.
    judging = JUDGED.model_copy(update={"labels": LabelSettings(join=join)})
    expected = batch_pass(sorted((event for event, _, _ in stream), key=lambda e: e.at_ms), judging)
    arrived = sorted(stream, key=lambda s: s[0].at_ms + s[1])
    logs = [
        log([event for event, _, p in arrived if p == number], number)
        for number in range(PARTITIONS)
    ]
    cluster = FakeCluster(judging, References(reference()), logs)
    for name, *arguments in schedule:
        getattr(cluster, name)(*arguments)
    cluster.finish()
    for kind, documents in expected.items():
        said = cluster.documents(kind)
        assert said.keys() == documents.keys()
        for id_, document in documents.items():
            assert all(judged(each) == document for each in said[id_])
    reports = cluster.documents(Stream.REPORTS).values()
    assert all(each["processing"]["late_rows"] == 0 for said in reports for each in said)


@given(
    st.lists(sent, min_size=40, max_size=150),
    st.lists(
        steps
        | st.tuples(st.just("replace"), st.integers(0, 3))
        | st.tuples(st.just("catch_up"), st.floats(0, 240_000)),
        min_size=20,
        max_size=60,
    ),
)
@settings(max_examples=40, deadline=None)
def test_a_window_is_reported_in_one_way_whenever_references_are_replaced_and_readers_restart(
    stream: list[tuple[Event, int, int]], schedule: list[tuple[Any, ...]]
) -> None:
    arrived = sorted(stream, key=lambda s: s[0].at_ms + s[1])
    logs = [
        log([event for event, _, p in arrived if p == number], number)
        for number in range(PARTITIONS)
    ]
    hashes = [str(number) * 16 for number in range(4)]
    references = References(reference(hash_=hashes[0]))
    cluster = FakeCluster(WITHOUT_LABELS, references, logs)
    for name, *arguments in schedule:
        if name == "replace":
            references.put(reference(hash_=hashes[arguments[0]]))
        elif name == "catch_up":
            cluster.now_ms += 1000
            for number, of_partition in enumerate(logs):
                times = [e.at_ms for e, _, p in arrived if p == number]
                upto = sum(at <= arguments[0] for at in times)
                cluster.read(number, max(0, min(upto, len(of_partition))))
                cluster.flush(number)
                cluster.deliver(number)
            cluster.read_summaries(len(cluster.summaries))
        else:
            getattr(cluster, name)(*arguments)
    cluster.finish()
    for kind in Stream:
        for said in cluster.documents(kind).values():
            assert all(judged(each) == judged(said[0]) for each in said)


def test_every_event_is_in_as_many_windows_as_a_window_has_panes() -> None:
    stream = [Event(at_ms) for at_ms in range(0, 200_000, 500)]
    reports = sorted(
        batch_pass(stream)[Stream.REPORTS].values(), key=lambda r: r["window"]["end_ms"]
    )
    assert [report["rows"] for report in reports] == [40, 80, *[120] * 8]
    assert reports[0]["window"]["start_ms"] == EPOCH_MS - WINDOW_MS + SLIDE_MS
