"""Questions about a model go to the worker that holds it: two workers on a real Kafka, no Redis."""

from collections.abc import Iterator
from functools import partial

import pytest

from stream_monitor.config.api import ApiSettings
from tests.kafka.asked import (
    MODELS,
    Answer,
    ask,
    drift,
    drift_from,
    feed,
    held,
    me,
    reports,
    until,
    windows,
)
from tests.kafka.live import PARTITIONS, Monitor, Site, published
from tests.pipeline.events import reference

pytestmark = pytest.mark.kafka

ROWS = 240


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(kafka, tmp_path_factory.mktemp("routing"), api=ApiSettings()) as site:
        site.create_topics()
        for model in MODELS.values():
            site.publish(published(reference(model)))
        yield site


@pytest.fixture(scope="module")
def workers(site: Site) -> tuple[Monitor, Monitor]:
    """Two workers that have judged windows of one model in each partition."""
    both = (site.worker("left"), site.worker("right"))
    for worker in both:
        worker.until_running()
    until(lambda: all(len(held(worker)) == PARTITIONS // 2 for worker in both))
    feed(site, range(ROWS))
    for worker in both:
        for model in MODELS.values():
            until(partial(windows, worker, model))
    return both


def has_passed_on(worker: Monitor, questions: float) -> bool:
    return worker.metric("peer_requests_total", outcome="answered") == questions


def drift_after(worker: Monitor, model: str, end_ms: int) -> Answer | None:
    """What a worker answers, once it tells of a window that ends later."""
    got = drift(worker, model)
    told = got.document.get("windows")
    return got if told and told[0]["window"]["end_ms"] > end_ms else None


def drift_signed(worker: Monitor, model: str, of: Monitor) -> Answer | None:
    """What a worker answers, once it is another one's answer."""
    got = drift(worker, model)
    return got if got.worker == me(of) else None


def test_each_model_is_answered_for_by_the_worker_that_holds_its_partition(
    workers: tuple[Monitor, Monitor],
) -> None:
    ids = [me(worker) for worker in workers]
    assert ids[0] != ids[1]
    passed_on = [worker.metric("peer_requests_total", outcome="answered") for worker in workers]
    for owner, its in zip(workers, ids, strict=True):
        assert len(held(owner)) == 2
        for partition in held(owner):
            got = [drift(worker, MODELS[partition]) for worker in workers]
            assert [(g.status, g.source, g.worker, g.age_s) for g in got] == [
                (200, "owner", its, 0)
            ] * 2
            assert got[0].document == got[1].document
            assert got[0].document["windows"]
    for worker, before in zip(workers, passed_on, strict=True):
        # Two models of the other's; /metrics is about a second behind.
        until(partial(has_passed_on, worker, before + 2))


def test_questions_about_all_models_are_answered_by_whoever_is_asked(
    workers: tuple[Monitor, Monitor],
) -> None:
    for worker in workers:
        got = ask(worker, "/monitor/models")
        assert (got.source, got.worker) == ("topics", me(worker))
        assert got.age_s <= 2
        assert [card["model"] for card in got.document["models"]] == sorted(MODELS.values())


def test_a_worker_that_is_killed_is_answered_for_at_once_and_then_by_the_new_owner(
    site: Site, workers: tuple[Monitor, Monitor]
) -> None:
    left, right = workers
    lost = sorted(held(right))
    gone, heir = me(right), me(left)
    before = {p: drift(left, MODELS[p]) for p in lost}
    assert {got.worker for got in before.values()} == {gone}
    right.kill()
    for partition, expected in before.items():
        got = drift(left, MODELS[partition])
        assert (got.status, got.source, got.worker) == (200, "topics", heir)
        assert got.document == expected.document
    assert until(lambda: left.metric("peer_requests_total", outcome="unreachable")) >= len(lost)
    # The group notices after its session timeout; until then nothing else is answered.
    for partition in lost:
        got = until(partial(drift_from, left, MODELS[partition], "owner"))
        assert (got.worker, got.document) == (heir, before[partition].document)
    feed(site, range(ROWS, 2 * ROWS))
    told_ms = before[lost[0]].document["windows"][0]["window"]["end_ms"]
    for model in MODELS.values():
        got = until(partial(drift_after, left, model, told_ms))
        assert (got.source, got.worker) == ("owner", heir)


def test_a_worker_that_comes_back_is_another_owner_with_all_that_was_said(
    site: Site, workers: tuple[Monitor, Monitor]
) -> None:
    left = workers[0]
    said = {p: reports(drift(left, MODELS[p])) for p in MODELS}
    back = site.worker("right")
    back.until_running()
    until(lambda: len(held(back)) == len(held(left)) == PARTITIONS // 2)
    for partition in held(back):
        got = until(partial(drift_signed, left, MODELS[partition], back))
        assert got.source == "owner"
        assert said[partition]
        assert said[partition] <= reports(got)
    assert back.stop() == 0
