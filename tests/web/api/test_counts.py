"""What the API has done, as it is scraped."""

import re

from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.names import API_LIMITS
from stream_monitor.metrics.snapshot import Snapshot
from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.routes import ROUTES, SIMULATE
from stream_monitor.web.connections import Closed
from tests.web.api.test_connections import until
from tests.web.api.worlds import Api, serving


def exposed(counts: ApiCounts) -> dict[str, float]:
    """The API's samples by name and labels."""
    text = Exporter(lambda: counts.show(Snapshot())).expose().body.decode()
    found = re.findall(r"^stream_monitor_(api_\S+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def requests(api: Api) -> dict[tuple[str, int], int]:
    return dict(api.shown().requests)


def test_requests_are_counted_by_path_and_status() -> None:
    with serving(max_requests=4) as api:
        for path in ("/monitor/models", "/monitor/drift?model=m", "/monitor/drift?model=x"):
            api.ask(path)
        api.ask("/simulate/nothing", "POST")
        api.ask("/ready", "HEAD")
        api.ask("/nothing", "DELETE")
        api.ask("/ready", "DELETE")
        api.ask("/ready")
        assert api.ask("/ready").status == 429
        until(lambda: sum(requests(api).values()) == 9)
        assert requests(api) == {
            ("/monitor/models", 200): 1,
            ("/monitor/drift", 200): 1,
            ("/monitor/drift", 404): 1,
            ("/simulate/{scenario}", 404): 1,
            ("/ready", 200): 2,
            ("", 404): 1,
            ("", 405): 1,
            ("/ready", 429): 1,
        }
        shown = exposed(api.counts)
        assert shown['api_requests_total{route="/monitor/drift",status="404"}'] == 1
        assert shown['api_requests_total{route="",status="405"}'] == 1
        assert shown["api_request_seconds_count"] == 9


def test_time_to_answer_is_that_of_the_clock() -> None:
    counts = ApiCounts()
    counts.answered("/ready", 200, 0.3)
    shown = exposed(counts)
    assert shown['api_request_seconds_bucket{le="0.25"}'] == 0
    assert shown['api_request_seconds_bucket{le="0.5"}'] == 1
    assert shown["api_request_seconds_sum"] == 0.3


def test_strangers_make_no_series() -> None:
    with serving() as api:
        for name in range(50):
            api.ask(f"/monitor/{name}?model={name}")
            api.ask(f"/simulate/{name}", "POST")
        routes = {route for route, _ in requests(api)}
        assert routes <= {"", *(route.path for route in (*ROUTES, SIMULATE))}


def test_every_limit_has_its_series_from_the_start() -> None:
    assert set(API_LIMITS) == set(Closed)
    shown = exposed(ApiCounts())
    assert {f'api_connections_closed_total{{reason="{limit}"}}' for limit in API_LIMITS} <= {*shown}
    assert shown["api_connections"] == 0


def test_a_worker_without_the_api_shows_nothing_of_it() -> None:
    assert b"api_" not in Exporter(lambda: Snapshot()).expose().body
