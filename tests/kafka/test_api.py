"""The HTTP API of two workers on a real Kafka: either speaks of every model."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from stream_monitor.config.api import ApiSettings
from tests.kafka.asked import until
from tests.kafka.live import Monitor, Site, published
from tests.pipeline.events import EPOCH_MS, Event, reference

pytestmark = pytest.mark.kafka

MODELS = ("one", "two", "three", "four")
ROWS = 240


def ask(worker: Monitor, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and document of one answer; (0, {}) when nobody answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{worker.api_port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={} if body is None else {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except (OSError, http.client.HTTPException):
        return 0, {}


def answers(worker: Monitor) -> bool:
    return ask(worker, "/monitor/models")[0] == 200


def last_windows(worker: Monitor, model: str) -> list[Any]:
    """The windows that the last rows are in, newest first, as far as they are judged."""
    told = ask(worker, f"/monitor/drift?model={model}")[1].get("windows", [])
    return [w for w in told if w["window"]["end_ms"] >= EPOCH_MS + ROWS * 500 - 20_000]


def labelled_windows(worker: Monitor) -> list[Any]:
    """The newest window of the first model, once each of its rows has its label."""
    told = ask(worker, "/monitor/performance?model=one&limit=1")[1].get("windows", [])
    return [w for w in told if w["labelled"] == w["rows"]]


def answer(worker: Monitor, path: str) -> tuple[int, Any] | None:
    """An answer that does not ask to be asked for again."""
    got = ask(worker, path)
    return None if got[0] == 503 else got


def drifted_features(worker: Monitor, model: str) -> set[str]:
    cards = ask(worker, "/monitor/models")[1].get("models", [])
    return {name for card in cards if card["model"] == model for name in card["drifted"]}


def events(model: str, rows: range) -> list[dict[str, Any]]:
    """Events of a model all of whose ``x`` have drifted."""
    made = [
        Event(at_ms=i * 500, x=9.0, c="abc"[i % 3], id=f"{model}-{i}", model=model) for i in rows
    ]
    return [json.loads(event.encode()) for event in made]


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    api = ApiSettings(simulate=True)
    with Site(kafka, tmp_path_factory.mktemp("api"), api=api) as site:
        site.create_topics()
        for model in MODELS:
            site.publish(published(reference(model)))
        yield site


@pytest.fixture(scope="module")
def workers(site: Site) -> tuple[Monitor, Monitor]:
    """Two workers that share the models; events have been sent to either by HTTP."""
    both = (site.worker("left"), site.worker("right"))
    for worker in both:
        worker.until_running()
        worker.until(partial(answers, worker))
    for turn, model in enumerate(MODELS):
        for first in range(0, ROWS, 60):
            sent = events(model, range(first, first + 60))
            assert ask(both[turn % 2], "/monitor/predict", sent) == (202, {"accepted": 60})
    return both


def test_what_is_sent_by_http_comes_back_in_reports_from_either_worker(
    workers: tuple[Monitor, Monitor],
) -> None:
    for worker in workers:
        for model in MODELS:
            windows = until(partial(last_windows, worker, model))
            assert windows[0]["drifted"][0] == "feature:x"
            assert windows[0]["rows"] > 100
    listed = [ask(worker, "/monitor/models")[1]["models"] for worker in workers]
    for models in listed:
        assert [one["model"] for one in models] == sorted(MODELS)
        assert {one["status"] for one in models} == {"alarm"}


def test_either_worker_owns_some_of_the_models_and_answers_the_same_for_all(
    workers: tuple[Monitor, Monitor],
) -> None:
    owned = [
        {p["partition"] for p in w.health()["partitions"] if p["topic"].endswith("-summaries")}
        for w in workers
    ]
    assert owned[0]
    assert owned[1]
    assert not owned[0] & owned[1]
    for model in MODELS:
        for what in ("drift", "performance", "quality", "alerts"):
            left, right = (ask(worker, f"/monitor/{what}?model={model}") for worker in workers)
            assert left == right
            assert left[0] == 200
    alerts = ask(workers[0], "/monitor/alerts?open=true")[1]["alerts"]
    assert {alert["model"] for alert in alerts} == set(MODELS)
    assert all(alert["look_first"] for alert in alerts)


def test_a_period_before_what_is_at_hand_is_read_back_from_the_topics_by_either_worker(
    workers: tuple[Monitor, Monitor],
) -> None:
    asked = f"&format=json&since={EPOCH_MS - 60_000}&until={EPOCH_MS + ROWS * 500}"
    for worker in workers:
        for model in MODELS[:2]:
            path = f"/monitor/report?model={model}{asked}"
            status, told = until(partial(answer, worker, path))
            assert status == 200
            assert told["windows"]["all"] > 5
            assert told["columns"][0]["column"] == "feature:x"
            assert not told["found"]["is_cut"]


def test_labels_that_are_sent_by_http_revise_what_was_reported(
    workers: tuple[Monitor, Monitor],
) -> None:
    labels = [
        {"model": "one", "prediction_id": f"one-{i}", "ground_truth": "0",
         "timestamp": EPOCH_MS + ROWS * 500}
        for i in range(ROWS)
    ]  # fmt: skip
    assert ask(workers[1], "/monitor/labels", labels) == (202, {"accepted": ROWS})
    for worker in workers:
        (window,) = until(partial(labelled_windows, worker), 90)
        assert window["revision"] > 0
        assert window["coverage"] == 1.0


def test_a_simulated_act_is_found_by_both(workers: tuple[Monitor, Monitor]) -> None:
    status, told = ask(workers[0], "/simulate/drift?seed=7", {})
    assert status == 202
    for worker in workers:
        drifted = until(partial(drifted_features, worker, told["model"]))
        assert drifted <= {f"feature:{name}" for name in (*told["drifted"], *told["missing"])}


def test_a_worker_that_comes_later_knows_what_was_reported_before(
    site: Site, workers: tuple[Monitor, Monitor]
) -> None:
    late = site.worker("late")
    late.until_running()
    expected = ask(workers[0], "/monitor/drift?model=two")
    assert expected[1]["windows"]
    late.until(lambda: ask(late, "/monitor/drift?model=two") == expected)
    assert late.stop() == 0
