"""What a stage-2 machine goes on from after a crash, or with another configuration."""

from __future__ import annotations

from typing import Any, TypeGuard

import pytest

from stream_monitor.config.settings import LabelSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.pipeline.effects import Publish, Settle, Stream
from stream_monitor.reference.registry import References
from stream_monitor.testing.cluster import FakeCluster
from tests.pipeline.events import SETTINGS, Event, judged, log, reference
from tests.pipeline.test_late_labels import LABELLED, labels_log

OLD, NEW = reference(hash_="0" * 16), reference(hash_="1" * 16, shift=3.0)


def reports(cluster: FakeCluster) -> dict[str, list[dict[str, Any]]]:
    """All that was said of each window, without what tells of the run."""
    said = cluster.documents(Stream.REPORTS)
    return {id_: [judged(document) for document in each] for id_, each in said.items()}


def test_a_lane_that_was_dropped_is_not_begun_anew_by_slots_that_are_read_again() -> None:
    stream = [Event(at_ms) for at_ms in range(0, 600_000, 1000)]
    references = References(OLD)
    settings = SETTINGS.model_copy(update={"labels": LabelSettings(join=False)})
    cluster = FakeCluster(settings, references, [log(stream)])
    for at in range(0, 600, 20):
        if at == 200:
            references.put(NEW)
        cluster.read(0, 20)
        cluster.flush(0)
        cluster.deliver(0)
        cluster.read_summaries(1000)
        if at == 100:
            cluster.commit_evaluator()  # what comes after it is read again
    assert set(cluster.evaluator.models["m"].lanes) == {NEW.hash}
    cluster.crash_evaluator(1.0)
    cluster.finish()
    for said in reports(cluster).values():
        assert all(again == said[0] for again in said)


def revised(window_ms: int, slide_ms: int) -> tuple[FakeCluster, set[str]]:
    """A cluster that has judged windows and goes on with others; what it revised there."""
    ids = [f"id-{at}" for at in range(300)]
    stream = [Event(at * 1000, prediction="1", truth="1", id=ids[at]) for at in range(300)]
    alike = SETTINGS.model_copy(update={"labels": LabelSettings(revise_interval_ms=1000)})
    cluster = FakeCluster(alike, References(OLD), [log(stream)])
    cluster.read(0, 300)
    cluster.flush(0)
    cluster.deliver(0)
    cluster.read_summaries(1000)
    cluster.commit_evaluator()
    before = set(cluster.documents(Stream.REPORTS))
    assert before
    windows = {"window_ms": window_ms, "slide_ms": slide_ms}
    defaults = alike.defaults.model_copy(update=windows)
    cluster.settings = alike.model_copy(update={"defaults": defaults})
    cluster.crash_evaluator(1.0)
    cluster.finish()
    said = cluster.documents(Stream.REPORTS).items()
    return cluster, {id_ for id_, each in said for one in each if one["revision"]}


@pytest.mark.parametrize(("window_ms", "slide_ms"), [(120_000, 20_000), (60_000, 10_000)])
def test_windows_that_are_cut_otherwise_now_are_closed_and_not_revised(
    window_ms: int, slide_ms: int
) -> None:
    cluster, again = revised(window_ms, slide_ms)
    assert not again
    ends = {end for end, _ in cluster.evaluator.models["m"].records}
    cluster.commit_evaluator()
    cluster.crash_evaluator(1.0)
    assert {end for end, _ in cluster.evaluator.models["m"].records} == ends


def test_windows_that_are_cut_as_before_are_open_to_revision_as_before() -> None:
    cluster, again = revised(60_000, 20_000)
    assert not again
    assert len(cluster.evaluator.models["m"].records) == 15


def is_performance(effect: object) -> TypeGuard[Publish]:
    return (
        isinstance(effect, Publish)
        and effect.stream is Stream.ALERTS
        and effect.document["family"] == "performance"
    )


def test_an_alert_that_labels_raise_or_withdraw_is_known_after_a_crash_at_any_write() -> None:
    """The same labels raise one alert and withdraw another, in one pass of revisions."""
    ids = [str(at) for at in range(0, 300, 2)]
    came = {id_: "0" if int(id_) < 60 and int(id_) % 8 == 0 else None for id_ in ids}
    came |= {id_: "1" for id_ in ids if 60 <= int(id_) < 180}
    stream = [Event(int(i) * 1000, prediction="1", truth=came[i], id=i) for i in ids]
    labels = [(id_, "1", 400_000) for id_ in ids if int(id_) < 60]
    labels += [(id_, "0", 400_000) for id_ in ids if 180 <= int(id_) < 240]
    made = FakeCluster(LABELLED, References(OLD), [log(stream)], [labels_log(labels)], 1)
    made.read(0, 300)
    made.flush(0)
    made.deliver(0)
    made.read_summaries(1000)
    made.commit_evaluator()
    made.finish()
    done = [*made._done]
    settled = [at for at, effect in enumerate(done) if isinstance(effect, Settle)]
    told = {publish.document["status"] for publish in done[settled[0] :] if is_performance(publish)}
    assert told == {"started", "withdrawn"}
    for cut in range(settled[0] + 1, len(done)):
        made._done, made._durable = done[:cut], (made._at, cut)
        made.published = [effect for effect in made._done if isinstance(effect, Publish)]
        made.crash_evaluator(1.0)
        made.finish()
        last = {e["alert_id"]: e for each in made.documents(Stream.ALERTS).values() for e in each}
        model = made.evaluator.models["m"]
        assert {e.event.alert_id: e.event.status for e in model.episodes} == {
            id_: event["status"] for id_, event in last.items() if event["family"] == "performance"
        }, cut


def test_a_clock_that_is_set_back_delays_revisions_no_longer_than_usual() -> None:
    stream = [Event(at * 1000, prediction="1", id=str(at)) for at in range(0, 240, 2)]
    labels = [(str(at), "1", 400_000) for at in range(0, 60, 2)]
    made = FakeCluster(LABELLED, References(OLD), [log(stream)], [labels_log(labels)], 1)
    made.read(0, 300)
    made.flush(0)
    made.deliver(0)
    made.now_ms = 3_600_000
    made.read_summaries(1000)
    made.evaluator.models["m"].revised_ms = made.now_ms  # as the pass of revisions before has it
    made.now_ms = 0
    for _ in range(6):
        made.pump()
    assert any(said.document.get("revision") for said in made.published)


def test_what_was_counted_in_blocks_of_another_size_is_refused_with_a_sentence() -> None:
    cluster = FakeCluster(SETTINGS, References(OLD), [log([Event(at) for at in range(20)])])
    cluster.finish()
    cluster.commit_evaluator()
    cluster.crash_evaluator(1.0)
    kafka = SETTINGS.kafka.model_copy(update={"block_size": 32})
    cluster.settings = SETTINGS.model_copy(update={"kafka": kafka})
    with pytest.raises(ConfigurationError, match=r"block_size is 32, .* of 16: set it back"):
        cluster.crash_evaluator(1.0)
