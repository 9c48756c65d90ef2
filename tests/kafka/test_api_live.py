"""The API of live workers: what its document promises, Redis and Kafka going and coming."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from stream_monitor.config.api import ApiSettings
from stream_monitor.testing.kafka import KafkaServer
from stream_monitor.testing.redis import RedisServer
from stream_monitor.web.api.routes import ROUTES
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
#: As in ``tests/web/api/test_openapi.py``, where more examples are tried on fakes.
EXAMPLES = 10


def send(worker: Monitor, body: Any) -> tuple[int, Any, str | None]:
    """Status, document and ``Retry-After`` of an event that is sent."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{worker.api_port}/monitor/predict",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=40) as got:
            return got.status, json.load(got), None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers["Retry-After"]


def fill(site: Site) -> None:
    site.create_topics()
    for model in MODELS.values():
        site.publish(published(reference(model)))


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def workers(
    kafka: str, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Monitor, Monitor]]:
    """Two workers that share a Redis and have judged windows of one model in each partition."""
    site = Site(kafka, tmp_path_factory.mktemp("live"), api=ApiSettings(max_requests=100_000))
    fill(site)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", redis.url)
        both = (site.worker("left"), site.worker("right"))
    with site:
        for worker in both:
            worker.until_running()
        until(lambda: all(len(held(worker)) == PARTITIONS // 2 for worker in both))
        feed(site, range(ROWS))
        for model in MODELS.values():
            until(partial(windows, both[0], model))
        yield both


def drift_from_redis(worker: Monitor, model: str, was: Answer) -> Answer | None:
    """What a worker answers, once Redis has all that was told before."""
    got = drift_from(worker, model, "redis")
    return got if got is not None and reports(was) <= reports(got) else None


def test_redis_goes_and_comes_and_every_model_is_answered_for_all_the_time(
    redis: RedisServer, workers: tuple[Monitor, Monitor]
) -> None:
    before = {model: drift(workers[0], model) for model in MODELS.values()}
    assert {got.source for got in before.values()} == {"redis"}
    redis.stop()
    owners = {MODELS[partition]: me(worker) for worker in workers for partition in held(worker)}
    for worker in workers:
        for model, was in before.items():
            got = drift(worker, model)
            assert (got.status, got.source, got.worker) == (200, "owner", owners[model])
            assert reports(was) <= reports(got), "and more, if it was judged meanwhile"
        # Of all models a worker knows its own; it says so.
        assert ask(worker, "/monitor/models").source == "worker"
    redis.start()
    for worker in workers:
        for model, was in before.items():
            got = until(partial(drift_from_redis, worker, model, was))
            assert got.worker == me(worker)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.handler)
def test_a_live_worker_keeps_to_its_document(workers: tuple[Monitor, Monitor], route: Any) -> None:
    url = f"http://127.0.0.1:{workers[1].api_port}"
    operation = schemathesis.openapi.from_url(f"{url}/openapi.json")[route.path][route.method]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def keeps(case: Any) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    keeps()
    assert workers[1].health()["state"] == "running"


def test_without_kafka_nothing_is_accepted_and_what_was_said_is_told_with_its_age(
    tmp_path: Path,
) -> None:
    event = {"model": MODELS[0], "features": {"x": 1.0}}
    with (
        KafkaServer() as kafka,
        Site(kafka.bootstrap_servers, tmp_path, api=ApiSettings()) as site,
    ):
        fill(site)
        worker = site.worker("one")
        worker.until_running()
        until(lambda: len(held(worker)) == PARTITIONS)
        feed(site, range(ROWS))
        before = until(lambda: (got := drift(worker, MODELS[0])).document.get("windows") and got)
        assert send(worker, event) == (202, {"accepted": 1}, None)
        assert ask(worker, "/monitor/models").age_s <= 2
        kafka.stop()
        status, problem, again = send(worker, event)
        assert (status, again) == (503, "1")
        assert "send this again" in problem["detail"]
        got = ask(worker, "/monitor/models")
        assert (got.status, got.source) == (200, "topics")
        assert got.age_s > 2
        known = {window["report_id"] for window in drift(worker, MODELS[0]).document["windows"]}
        assert {window["report_id"] for window in before.document["windows"]} <= known
