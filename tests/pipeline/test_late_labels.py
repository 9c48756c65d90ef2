"""Labels that come on their own, in any order and through any crash: one truth in the end."""

from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import AlertKey
from stream_monitor.config.budget import parse
from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import AlertSettings, PerformanceSettings, SliceSettings
from stream_monitor.config.settings import LabelSettings
from stream_monitor.events.batch import Record
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.reference.registry import References
from stream_monitor.testing.cluster import FakeCluster
from tests.pipeline.events import (
    EPOCH_MS,
    LATENESS_MS,
    SETTINGS,
    SLIDE_MS,
    WINDOW_MS,
    Event,
    log,
    reference,
)

PARTITIONS = 2
LABELLED = SETTINGS.model_copy(
    update={
        "labels": LabelSettings(revise_interval_ms=1000),
        "defaults": SETTINGS.defaults.model_copy(
            update={
                "performance": PerformanceSettings(min=MinimumSettings(accuracy=0.6)),
                "alerts": AlertSettings(consecutive=2, recover=1),
                "slices": SliceSettings(champion="1", max_values=2, min_rise=0.0, alpha=0.9),
                "false_alarms": parse("1000 per 1h"),
            }
        ),
    }
)


def labels_log(labels: list[tuple[str, str, int]], partition: int = 0) -> list[Record]:
    """Labels as (id, truth, ms after the epoch) as a partition's records."""
    return [
        Record(
            "labels",
            partition,
            at,
            0,
            msgspec.json.encode(
                {
                    "model": "m",
                    "prediction_id": id_,
                    "ground_truth": truth,
                    "timestamp": EPOCH_MS + at_ms,
                }
            ),
        )
        for at, (id_, truth, at_ms) in enumerate(labels)
    ]


def final(said: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What the last revision of each report says of performance."""
    found: dict[str, dict[str, Any]] = {}
    for documents in said.values():
        for document in documents:
            before = found.get(document["report_id"])
            if before is None or document["revision"] >= before["revision"]:
                found[document["report_id"]] = document
    return {
        id_: {
            "rows": document["rows"],
            "labelled": document["labelled"],
            "status": document["status"],
            "confusion": document["confusion"],
            "slices": document["slices"],
            "verdicts": [
                v
                for v in document["verdicts"]
                if v["family"] == "performance"
                and not v["monitor"].startswith("degradation")
                and v["monitor"] != "version_worse"
            ],
            # Of what goes over all panes a window is told again when it says another thing.
            "versions": {
                v["column"]: v["state"]
                for v in document["verdicts"]
                if v["monitor"] == "version_worse"
            },
        }
        for id_, document in found.items()
    }


def by_id(published: list[Publish]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for publish in published:
        if publish.stream is Stream.REPORTS:
            found.setdefault(publish.id, []).append(dict(publish.document))
    return found


#: Most labels are 0, so version 2 is mostly wrong and version 1 mostly right.
events = st.builds(
    lambda at_ms, made_by, truth: Event(
        at_ms, version=made_by[0], prediction=made_by[1], truth=truth
    ),
    st.integers(0, 240_000),
    st.sampled_from(["10", "10", "10", "11", "20", "21", "21"]),
    st.sampled_from(["0", None, None, None]),
)
#: An event, how long it is under way, its partition; its label, if it gets one on its own,
#: how late, and the label's partition.
sent = st.tuples(
    events,
    st.integers(0, LATENESS_MS),
    st.integers(0, PARTITIONS - 1),
    st.sampled_from(["0", "0", "1", None]),
    st.integers(-20_000, 400_000),
    st.integers(0, PARTITIONS - 1),
)
partition = st.integers(0, PARTITIONS - 1)
some = st.integers(1, 40)
share = st.floats(0, 1)
steps = st.one_of(
    st.tuples(st.just("read"), partition, some),
    st.tuples(st.just("flush"), partition),
    st.tuples(st.just("deliver"), partition),
    st.tuples(st.just("commit"), partition),
    st.tuples(st.just("crash_reader"), partition, share, share, share),
    st.tuples(st.just("usurp_reader"), partition),
    st.tuples(st.just("zombie_reads"), partition, some, st.booleans()),
    st.tuples(st.just("read_labels"), partition, some),
    st.tuples(st.just("commit_labels"), partition),
    st.tuples(st.just("crash_labels"), partition, share, share),
    st.tuples(st.just("usurp_labels"), partition),
    st.tuples(st.just("zombie_reads_labels"), partition, some),
    st.tuples(st.just("join"), partition, some),
    st.tuples(st.just("flush_joins"), partition),
    st.tuples(st.just("commit_joins"), partition),
    st.tuples(st.just("crash_joiner"), partition, share),
    st.tuples(st.just("flush_zombie"), partition),
    st.tuples(st.just("pump")),
    st.tuples(st.just("read_summaries"), some),
    st.tuples(st.just("commit_evaluator")),
    st.tuples(st.just("crash_evaluator"), share),
)


@given(st.lists(sent, min_size=40, max_size=120), st.lists(steps, min_size=20, max_size=80))
@settings(max_examples=60, deadline=None)
def test_labels_in_any_order_and_through_any_crash_end_in_the_figures_of_one_pass(
    stream: list[tuple[Event, int, int, str | None, int, int]], schedule: list[tuple[Any, ...]]
) -> None:
    named: list[tuple[Any, ...]] = [
        (Event(**(vars_of(event) | {"id": f"id-{i}"})), *rest)
        for i, (event, *rest) in enumerate(stream)
    ]
    late = [
        (f"id-{i}", truth, event.at_ms + delay, where)
        for i, (event, _, _, truth, delay, where) in enumerate(stream)
        if truth is not None
    ]
    engine = LocalEngine(LABELLED, References(reference()), labels=True)
    ordered = sorted((event for event, *_ in named), key=lambda e: e.at_ms)
    published = [*engine.feed(0, log(ordered))]
    published += engine.feed_labels(labels_log([label[:3] for label in late]))
    published += [*engine.flush(), *engine.finish()]
    expected = final(by_id(published))

    arrived = sorted(named, key=lambda s: s[0].at_ms + s[1])
    logs = [log([e for e, _, p, *_ in arrived if p == n], n) for n in range(PARTITIONS)]
    in_time = sorted(late, key=lambda label: label[2])
    label_logs = [
        labels_log([label[:3] for label in in_time if label[3] == n], n) for n in range(PARTITIONS)
    ]
    cluster = FakeCluster(LABELLED, References(reference()), logs, label_logs, joins=PARTITIONS)
    for name, *arguments in schedule:
        getattr(cluster, name)(*arguments)
    cluster.finish()
    said = cluster.documents(Stream.REPORTS)
    assert final(said) == expected
    assert newest_cumulative(said) == newest_cumulative(by_id(published))
    if expected:
        found, one_pass = (standing(each.evaluator) for each in (cluster, engine))
        assert found == one_pass
        assert known_alerts(cluster) == told_alerts(cluster)


def standing(evaluator: Evaluator) -> dict[AlertKey, AlertState]:
    """How every alert on performance stands; of a version by how much is as it was told last."""
    return {
        key: replace(state, columns=tuple(each._replace(effect=0.0) for each in state.columns))
        if key.monitor == "version_worse"
        else state
        for key, state in evaluator.models["m"].performance.items()
    }


def told_alerts(cluster: FakeCluster) -> dict[str, str]:
    """How each alert on performance stands by what was said of it last."""
    told = [alert for each in cluster.documents(Stream.ALERTS).values() for alert in each]
    told.sort(key=lambda alert: alert["sequence"])
    return {a["alert_id"]: a["status"] for a in told if a["family"] == "performance"}


def known_alerts(cluster: FakeCluster) -> dict[str, str]:
    """How each alert on performance stands by what stage 2 knows of it."""
    episodes = cluster.evaluator.models["m"].episodes
    return {episode.event.alert_id: episode.event.status for episode in episodes}


def newest_cumulative(said: dict[str, list[dict[str, Any]]]) -> dict[str, Any] | None:
    """Of all windows with all of their labels, whichever document carries it."""
    found = [d["cumulative"] for each in said.values() for d in each if "cumulative" in d]
    return max(
        found, key=lambda told: (told["to_ms"], told["rows"], told["labelled"]), default=None
    )


def vars_of(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in Event.__dataclass_fields__}


def windows(stream: list[Event], labels: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """All reports of one pass, in their order."""
    engine = LocalEngine(LABELLED, References(reference()), labels=True)
    published = [*engine.feed(0, log(stream)), *engine.flush()]
    published += engine.feed_labels(labels_log(labels))
    published += [*engine.flush(), *engine.finish()]
    return [dict(p.document) for p in published if p.stream is Stream.REPORTS]


def test_a_label_belongs_to_its_predictions_window_and_revises_its_report() -> None:
    stream = [Event(at, prediction="1", id=str(at)) for at in range(0, 150_000, 1000)]
    reports = windows(stream, [("5000", "1", 900_000), ("6000", "0", 900_000)])
    revised = [report for report in reports if report["revision"] == 1]
    assert len(revised) == WINDOW_MS // SLIDE_MS
    first = {report["report_id"]: report for report in reports if report["revision"] == 0}
    for report in revised:
        start, end = report["window"]["start_ms"], report["window"]["end_ms"]
        assert start <= EPOCH_MS + 5000 < end
        assert report["labelled"] == 2
        assert first[report["report_id"]]["labelled"] == 0
        changed = {change["monitor"]: change for change in report["changed"]}
        assert changed["accuracy"] == {
            "monitor": "accuracy",
            "column": "",
            "before": None,
            "now": 0.5,
        }
