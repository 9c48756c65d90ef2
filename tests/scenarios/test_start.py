"""When a scenario begins that is sent now."""

import pytest

from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.start import start_of
from tests.scenarios.shipped import shipped

NOW = 1_790_000_123_456


@pytest.mark.parametrize("speed", [0.0, 1.0, 0.5, 60.0])
@pytest.mark.parametrize("name", ["no_drift", "concept_drift"])
def test_nothing_is_in_the_future_when_it_is_sent(name: str, speed: float) -> None:
    scenario = shipped(name, "duration=2h30m")
    before = prepare(scenario, 1)
    start = start_of(scenario, before, speed, NOW)
    stream = prepare(scenario, 1, start_ms=start).stream
    sent = NOW + (stream.times - start) / speed if speed else NOW + 0 * stream.times
    assert (stream.times <= sent).all()
    labels = stream.labels("credit")
    if labels is not None:
        sent = NOW + (labels.timestamps - start) / speed if speed else NOW + 0 * labels.timestamps
        assert (labels.timestamps <= sent).all()
    slide = scenario.settings.slide_ms
    assert (start - scenario.start_ms) % slide == 0
    later = start + slide - scenario.start_ms
    last = int((before.stream.times if labels is None else before.stream.label_at).max())  # type: ignore[union-attr]
    if not speed:
        assert last + later > NOW


def test_what_goes_by_the_hour_begins_at_its_hour_and_by_the_weekday_at_its_day() -> None:
    scenario = shipped("seasonal", "duration=6d")
    start = start_of(scenario, prepare(scenario, 1), 0, NOW)
    assert (start - scenario.start_ms) % DAY == 0
    assert NOW - 7 * DAY < start <= NOW - 5 * DAY
    weekly = shipped("no_drift", "settings.season.by=weekday", "settings.slide=30m")
    plain = prepare(shipped("no_drift"), 1)
    assert (start_of(weekly, plain, 0, NOW) - scenario.start_ms) % (7 * DAY) == 0
    assert (start_of(shipped("no_drift"), plain, 0, NOW) - scenario.start_ms) % HOUR != 0


def test_a_cycle_of_traffic_or_of_a_feature_goes_by_the_hour() -> None:
    for override in ("base.traffic.swing=0.2", "base.features.income.cycle={swing: 0.3}"):
        scenario = shipped("no_drift", "duration=1h", override)
        start = start_of(scenario, prepare(scenario, 1), 0, NOW)
        assert (start - scenario.start_ms) % DAY == 0
