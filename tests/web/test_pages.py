"""What the worker answers, over real HTTP on 127.0.0.1."""

import gzip
import json
from collections.abc import Iterator

import pytest

from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import NotifiedView, RedisView, Snapshot, WorkerState
from stream_monitor.web.pages import PATHS, Pages
from stream_monitor.web.server import MonitorServer
from tests.metrics.expositions import OPENMETRICS, check_openmetrics, read, values_of
from tests.metrics.worlds import HOSTILE, NOW_MS, busy, reports
from tests.web.asking import ask


class Worker:
    """A worker's present snapshot and the clock, both to be set by a test."""

    def __init__(self) -> None:
        self.snapshot = busy()
        self.now_ms = NOW_MS + 500


@pytest.fixture(name="worker")
def _worker() -> Worker:
    return Worker()


@pytest.fixture(name="server")
def _server(worker: Worker) -> Iterator[MonitorServer]:
    def read() -> Snapshot:
        return worker.snapshot

    with MonitorServer(Pages(read, Exporter(read), lambda: worker.now_ms)) as server:
        yield server


def test_metrics_are_text_unless_openmetrics_is_asked_for(server: MonitorServer) -> None:
    plain = ask(server, "/metrics")
    assert plain.status == 200
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "m" in values_of(read(plain.body.decode()), "model")
    strict = ask(server, "/metrics", Accept=f"{OPENMETRICS},text/plain;q=0.5")
    assert strict.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert check_openmetrics(strict.body.decode()) > 100


def test_health_says_how_the_shared_view_is_written(worker: Worker, server: MonitorServer) -> None:
    address = "rediss://redis:6379/0"
    gone = RedisView(address, False, 7, 3, 1, 2, f"{address}: it does not answer", True, 5)
    worker.snapshot = busy(redis=gone)
    answer = ask(server, "/health")
    assert answer.status == 200, "a worker is ready without Redis"
    assert json.loads(answer.body)["redis"] == {
        "address": address,
        "connected": False,
        "written": 7,
        "waiting": 2,
        "dropped": 1,
        "refilling": True,
        "refilled": 5,
        "problem": f"{address}: it does not answer",
    }
    worker.snapshot = busy(redis=None)
    assert json.loads(ask(server, "/health").body)["redis"] is None
    assert "stream_monitor_redis" not in ask(server, "/metrics").body.decode()


def test_metrics_are_compressed_for_who_accepts_it(server: MonitorServer) -> None:
    got = ask(server, "/metrics", Accept_Encoding="gzip")
    assert got.headers["content-encoding"] == "gzip"
    assert "m" in values_of(read(gzip.decompress(got.body).decode()), "model")


def test_metrics_can_be_asked_for_by_name(server: MonitorServer) -> None:
    got = ask(server, "/metrics?name[]=stream_monitor_records_total")
    assert read(got.body.decode()) == {("stream_monitor_records_total", frozenset()): 260}


@pytest.mark.parametrize("path", ["/health", "/ready"])
@pytest.mark.parametrize("state", WorkerState)
def test_only_a_running_worker_is_well(
    server: MonitorServer, worker: Worker, state: WorkerState, path: str
) -> None:
    worker.snapshot = busy(state=state)
    got = ask(server, path)
    running = state is WorkerState.RUNNING
    assert got.status == (200 if running else 503)
    assert json.loads(got.body)["ready"] is running
    assert json.loads(got.body)["state"] == state.value


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_a_worker_whose_loop_hangs_is_not_well(
    server: MonitorServer, worker: Worker, path: str
) -> None:
    worker.now_ms = NOW_MS + 60_000
    got = ask(server, path)
    assert got.status == 503
    assert json.loads(got.body)["stale"] is True
    assert ask(server, "/metrics").status == 200, "the figures of the last snapshot remain"


def test_health_tells_what_is_read_and_judged(server: MonitorServer) -> None:
    said = json.loads(ask(server, "/health").body)
    assert said["since"] == "2023-11-14T22:22:30Z"
    assert said["uptime_seconds"] == 60.5
    assert said["partitions"][0] == {
        "topic": "predictions",
        "partition": 0,
        "position": 240,
        "committed": 128,
        "highwater": 260,
        "lag_records": 20,
        "lag_seconds": 480.0,
    }
    model = said["models"]["m"]
    assert model["reference"] == "0123456789abcdef"
    assert model["watermark"] == "2023-11-14T22:14:50Z"
    assert model["watermark_lag_seconds"] == 510.0
    assert model["open_alerts"] == 2
    assert model["last_window"]["status"] == "alarm"
    assert "feature:x" in model["last_window"]["drifted"]
    assert said["models"][HOSTILE]["last_window"] is None
    assert said["last_error"]["message"].endswith("damaged")


def test_health_tells_how_the_notifier_gets_on(server: MonitorServer, worker: Worker) -> None:
    view = NotifiedView("http://a:9093", 7, 5, 2, 1, 3, "http://a:9093 answers 503: busy")
    worker.snapshot = busy(notified=(view,))
    (told,) = json.loads(ask(server, "/health").body)["alertmanagers"]
    assert told == {
        "url": "http://a:9093",
        "told": 7,
        "waiting": 3,
        "dropped": 1,
        "problem": "http://a:9093 answers 503: busy",
    }


def test_health_tells_how_labels_and_predictions_meet(server: MonitorServer) -> None:
    said = json.loads(ask(server, "/health").body)
    assert said["labels"] == {
        "records": 90,
        "rejected": 5,
        "outcomes": {
            "joined": 60,
            "repeated": 3,
            "contradicted": 2,
            "unmatched": 12,
            "expired": 0,
            "repeated_prediction": 0,
        },
        "too_late": 4,
        "predictions_without_id": 7,
        "predictions_held": 200,
        "predictions_held_labelled": 50,
        "waiting": 8,
        "joiners": 2,
        "recovering": 1,
    }
    of_model = {"label_join_ratio": 0.25, "labels_matched_ratio": 0.75, "waiting": 8}
    assert said["models"]["m"]["labels"] == of_model
    nothing = {"label_join_ratio": None, "labels_matched_ratio": None, "waiting": 0}
    assert said["models"][HOSTILE]["labels"] == nothing


def test_health_tells_what_share_of_the_latest_window_has_a_label(
    server: MonitorServer, worker: Worker
) -> None:
    worker.snapshot = busy(reports={"m": {**reports()[-1], "rows": 80, "labelled": 20}})
    window = json.loads(ask(server, "/health").body)["models"]["m"]["last_window"]
    assert (window["labelled"], window["coverage"], window["revision"]) == (20, 0.25, 0)
    worker.snapshot = busy(reports={"m": {**reports()[-1], "rows": 0, "labelled": 0}})
    window = json.loads(ask(server, "/health").body)["models"]["m"]["last_window"]
    assert window["coverage"] is None


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_a_joiner_that_still_reads_its_log_does_not_make_a_worker_unready(
    server: MonitorServer, worker: Worker, path: str
) -> None:
    assert any(joiner.recovering for joiner in worker.snapshot.labels.joiners)
    assert ask(server, path).status == 200


def test_health_of_a_worker_that_has_not_begun_is_an_answer_too(
    server: MonitorServer, worker: Worker
) -> None:
    worker.snapshot = Snapshot.empty()
    got = ask(server, "/health")
    assert got.status == 503
    said = json.loads(got.body)
    assert (said["since"], said["models"], said["partitions"]) == (None, {}, [])


def test_a_time_no_calendar_has_is_null(server: MonitorServer, worker: Worker) -> None:
    worker.snapshot = busy(watermarks={"m": 10**18})
    got = ask(server, "/health")
    assert got.status == 200
    assert json.loads(got.body)["models"]["m"]["watermark"] is None


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metricsx", "/favicon.ico", "//", "*"])
def test_another_path_is_told_what_there_is(server: MonitorServer, path: str) -> None:
    got = ask(server, path)
    assert got.status == 404
    assert got.headers["content-type"] == "application/json"
    assert json.loads(got.body)["paths"] == PATHS


def test_every_path_listed_is_there(server: MonitorServer) -> None:
    assert {path: ask(server, path).status for path in PATHS} == dict.fromkeys(PATHS, 200)


@pytest.mark.parametrize("path", ["/metrics", "/health", "/ready", "/nothing"])
def test_head_is_get_without_the_body(server: MonitorServer, worker: Worker, path: str) -> None:
    get, head = ask(server, path), ask(server, path, "HEAD")
    assert (head.status, head.body) == (get.status, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    assert int(head.headers["content-length"]) > 0
