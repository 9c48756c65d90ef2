"""Windows with few events, from the first event to the last one."""

from __future__ import annotations

from stream_monitor.config.monitors import AlertSettings, QualitySettings
from stream_monitor.pipeline.items import KeptRetired
from stream_monitor.pipeline.lane import Lane
from stream_monitor.pipeline.state import decode, put_retired
from stream_monitor.summaries.slices import SlicedTraffic
from stream_monitor.windows.panes import WindowSpec
from tests.pipeline.events import EPOCH_MS, SETTINGS, SLIDE_MS, WINDOW_MS
from tests.pipeline.test_restating import World

LIMIT = 50  # of some 60 in a window


def world(min_samples: int = SETTINGS.defaults.min_samples) -> World:
    return World.of(
        quality=QualitySettings(min_rows=LIMIT),
        alerts=AlertSettings(consecutive=2, recover=2),
        min_samples=min_samples,
    )


def said(of: World) -> list[tuple[str, int]]:
    """What was said of rows, with the second of the window's end."""
    return [
        (alert["status"], (alert["window_end_ms"] - EPOCH_MS) // 1000)
        for alert in of.alerts()
        if (alert["family"], alert["monitor"]) == ("quality", "rows")
    ]


def states(of: World) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for report in of.reports(revision=0):
        (verdict,) = [v for v in report["verdicts"] if v["monitor"] == "rows"]
        assert verdict["statistic"] == report["rows"]
        found.append((verdict["state"], verdict["statistic"]))
    return found


def test_the_first_windows_lack_what_came_before_them_and_are_thin() -> None:
    of = world()
    of.predict(range(7, 400))
    first = WINDOW_MS // SLIDE_MS
    found = [state for state, _ in states(of)]
    assert found == ["thin"] * first + ["ok"] * (len(found) - first)
    assert len(found) > first
    assert said(of) == []


def test_traffic_that_falls_is_an_alert_until_it_is_back_though_nothing_else_is_judged() -> None:
    of = world(min_samples=25)
    of.predict([*range(200), *range(200, 400, 10), *range(400, 700)])
    assert [status for status, _ in said(of)] == ["started", "recovered"]
    (_, started), (_, recovered) = said(of)
    assert 200 + WINDOW_MS / 2000 < started <= 200 + WINDOW_MS / 1000
    assert 400 + WINDOW_MS / 1000 < recovered <= 400 + 2 * WINDOW_MS / 1000
    later = [r for r in of.reports(revision=0) if r["window"]["start_ms"] > EPOCH_MS]
    few = [r for r in later if r["rows"] < 25]
    assert few
    for report in few:
        judged = {v["monitor"]: v["state"] for v in report["verdicts"] if v["decides"]}
        assert judged.pop("rows") == "alarm"
        assert set(judged.values()) == {"thin"}
        assert report["status"] == "alarm"


def test_of_a_time_without_any_event_is_heard_when_it_is_over() -> None:
    """No window is judged while none comes; the first ones after it are short of events."""
    of = world()
    of.predict(range(200))
    before = said(of)
    of.predict(range(500, 700))
    assert before == []
    ((started, at), (recovered, _)) = said(of)
    assert (started, recovered) == ("started", "recovered")
    assert 500 < at <= 500 + WINDOW_MS / 1000
    ends = [r["window"]["end_ms"] - EPOCH_MS for r in of.reports(revision=0)]
    assert not [end for end in ends if 220_000 < end <= 500_000]


def test_since_when_a_lane_is_known_outlives_the_panes_that_leave_and_the_table() -> None:
    lane = Lane.of(WindowSpec(WINDOW_MS, SLIDE_MS, 0))
    assert not lane.is_full(EPOCH_MS)
    one = SlicedTraffic.empty(None)
    for at in range(1, 6):
        lane.ledger.judged(EPOCH_MS + at * SLIDE_MS, one)
    began = EPOCH_MS + SLIDE_MS
    assert [lane.is_full(began + ms) for ms in (-1, 0, 1)] == [False, False, True]
    lane.ledger.retire(EPOCH_MS + 4 * SLIDE_MS, None)
    assert lane.ledger.began_ms == began
    kept = KeptRetired("m", "h", 5, b"sum", b"", b"versions", lane.ledger.first_ms)
    put = put_retired(kept)
    assert decode(put.key, put.value) == kept
    assert kept.began_ms == began
