"""The ids under which a worker's state knows its open alerts are those that were published."""

import pytest

from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.config.settings import LabelSettings
from stream_monitor.kafka.open_alerts import open_alerts
from stream_monitor.notify.payload import Links, alert_of, alert_of_open, is_open
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from stream_monitor.scenarios.acts import Act, drift
from tests.pipeline.events import SETTINGS, Event, log, reference
from tests.pipeline.test_late_labels import labels_log


def still_open(said: list[Publish]) -> dict[str, Publish]:
    """The last that was said of each alert, of those that are open."""
    last = {each.document["alert_id"]: each for each in said if each.stream is Stream.ALERTS}
    return {id_: each for id_, each in last.items() if is_open(each.document)}


@pytest.fixture(scope="module")
def act() -> Act:
    return drift(7)


def test_a_new_owner_says_the_very_alerts_that_the_old_one_said(act: Act) -> None:
    engine = LocalEngine(act.settings, References(act.reference))
    said = [each for batch in act.batches() for each in engine.feed_batch(0, batch)]
    said += engine.finish()
    published = still_open(said)
    (model,) = engine.evaluator.models.values()
    held = {alert.episode: alert for alert in open_alerts("credit", model)}
    assert set(held) == set(published)
    assert len(held) == 2
    for id_, alert in held.items():
        old, new = alert_of(published[id_].document, Links()), alert_of_open(alert, Links())
        assert (old.key, old.starts_ms) == (new.key, new.starts_ms)


def test_alerts_that_labels_can_still_change_keep_the_id_they_were_published_under() -> None:
    judged = SETTINGS.defaults.model_copy(
        update={"performance": PerformanceSettings(min=MinimumSettings(accuracy=0.9))}
    )
    changes = {"labels": LabelSettings(revise_interval_ms=1000), "defaults": judged}
    engine = LocalEngine(SETTINGS.model_copy(update=changes), References(reference()), labels=True)
    events = [Event(i * 500, prediction="1", id=str(i)) for i in range(240)]
    said = [*engine.feed(0, log(events)), *engine.flush()]
    wrong = labels_log([(str(i), "0", 200_000) for i in range(240)])
    said += [*engine.feed_labels(wrong), *engine.finish()]
    published = still_open(said)
    assert "performance" in {each.document["family"] for each in published.values()}
    held = open_alerts("m", engine.evaluator.models["m"])
    assert {alert.episode for alert in held} == set(published)
