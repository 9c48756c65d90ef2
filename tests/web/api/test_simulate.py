"""Made-up traffic on request."""

import numpy as np

from stream_monitor.scenarios.acts import ACTS
from stream_monitor.scenarios.now import ending_at
from tests.web.api.worlds import serving


def test_a_scenario_is_begun_and_told_what_must_be_found() -> None:
    with serving() as api:
        got = api.ask("/simulate/drift?seed=3", "POST")
        assert got.status == 202
        assert got.document["drifted"] == ["income"]
        assert api.scenarios.begun == [("drift", 3)]


def test_one_at_a_time() -> None:
    with serving() as api:
        api.scenarios.is_busy = True
        got = api.ask("/simulate/drift", "POST")
        assert (got.status, "through" in got.document["detail"]) == (409, True)


def test_an_unknown_scenario_is_a_404_with_the_nearest() -> None:
    with serving() as api:
        got = api.ask("/simulate/drft", "POST")
        assert (got.status, got.document["nearest"][0]) == (404, "drift")


def test_it_is_off_unless_it_is_asked_for() -> None:
    with serving(simulate=False) as api:
        assert api.ask("/simulate/drift", "POST").status == 404
        assert "/simulate/{scenario}" not in api.ask("/openapi.json").document["paths"]


def test_an_act_ends_at_the_newest_whole_minute_and_is_else_the_same() -> None:
    act = ACTS["no-drift"](7)
    now_ms = 1_790_000_012_345
    moved, first, last = ending_at(act, now_ms)
    was = np.concatenate([batch.timestamps for batch in act.batches()])
    now = np.concatenate([batch.timestamps for batch in moved.batches()])
    assert (now[0], now[-1]) == (first, last)
    assert 0 <= now_ms - last < 60_000
    assert set(now - was) == {first - was[0]}
    assert (first - was[0]) % 60_000 == 0
