"""After a true change: a new reference ends what was held against the old one, and no more."""

from __future__ import annotations

import random
from typing import Any

from stream_monitor.alerts.times import rfc3339
from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import AlertSettings, DriftSettings, PerformanceSettings
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from tests.pipeline.events import EPOCH_MS, Event, log, reference

WINDOW_MS, SLIDE_MS, STEP_MS = 60_000, 20_000, 200
OLD, NEW = reference(hash_="0" * 16), reference(hash_="1" * 16, shift=3.0)
SETTINGS = Settings(
    defaults=ModelSettings(
        window_ms=WINDOW_MS,
        slide_ms=SLIDE_MS,
        allowed_lateness_ms=0,
        min_samples=5,
        drift=DriftSettings(min_effect=0.3),
        performance=PerformanceSettings(min=MinimumSettings(accuracy=0.9)),
        alerts=AlertSettings(consecutive=2, recover=2),
    )
)
CHANGE_MS = 600_000  # from here on the new reference is current
END_MS = 1_200_000


def events() -> list[Event]:
    """``x`` is where the new reference has it, and one prediction in two is wrong."""
    rng = random.Random(11)
    return [
        Event(
            at,
            x=round(rng.gauss(3.0, 1.0), 1),
            c=rng.choice("aaaaabbbcc"),
            prediction=rng.choice("00011"),
            truth=rng.choice("01"),
        )
        for at in range(0, END_MS, STEP_MS)
    ]


def judged(*, replaced: bool) -> list[Publish]:
    """All that is published of the events, by the old reference or by both in turn."""
    references = References(OLD)
    engine = LocalEngine(SETTINGS, references)
    records = log(events())
    half = CHANGE_MS // STEP_MS
    said = [*engine.feed(0, records[:half])]
    if replaced:
        references.put(NEW)
    return [*said, *engine.feed(0, records[half:]), *engine.finish()]


def documents(said: list[Publish], stream: Stream) -> list[dict[str, Any]]:
    return [dict(p.document) for p in said if p.stream is stream]


def test_open_alerts_of_the_old_reference_end_with_the_reason() -> None:
    alerts = documents(judged(replaced=True), Stream.ALERTS)
    drift = [a for a in alerts if a["family"] == "drift"]
    assert [a["status"] for a in drift] == ["started", "recovered"]
    opened, resolved = drift
    assert opened["alert_id"] == resolved["alert_id"]
    assert {a["reference_hash"] for a in drift} == {OLD.hash}
    assert f"no longer asked against reference {OLD.hash}" in resolved["summary"]
    assert "the reference or the configuration was replaced" in resolved["summary"]
    first_new_end = EPOCH_MS + CHANGE_MS - (EPOCH_MS + CHANGE_MS) % SLIDE_MS + SLIDE_MS
    assert first_new_end <= resolved["recovered_at"] <= first_new_end + SLIDE_MS, rfc3339(
        resolved["recovered_at"]
    )


def test_without_a_new_reference_the_alert_stays_open() -> None:
    alerts = documents(judged(replaced=False), Stream.ALERTS)
    drift = [a for a in alerts if a["family"] == "drift"]
    assert [a["status"] for a in drift] == ["started"]


def test_an_alert_on_performance_goes_on_as_if_nothing_had_happened() -> None:
    def performance(said: list[Publish]) -> list[dict[str, Any]]:
        return [a for a in documents(said, Stream.ALERTS) if a["family"] == "performance"]

    before, after = performance(judged(replaced=False)), performance(judged(replaced=True))
    assert [a["status"] for a in after] == ["started"]
    assert after == before


def test_every_event_is_judged_once_and_time_goes_on() -> None:
    alone = documents(judged(replaced=False), Stream.REPORTS)
    both = documents(judged(replaced=True), Stream.REPORTS)
    rows = [(report["window"]["end_ms"], report["rows"]) for report in alone]
    change, slide = EPOCH_MS + CHANGE_MS, SLIDE_MS // STEP_MS
    # The windows of the new reference begin anew: they fill up while the old ones would go on.
    filling = {change + SLIDE_MS: slide, change + 2 * SLIDE_MS: 2 * slide}
    assert [(report["window"]["end_ms"], report["rows"]) for report in both] == [
        (end, filling.get(end, count)) for end, count in rows
    ]
    assert [report["reference_hash"] for report in both] == [
        OLD.hash if end <= change else NEW.hash for end, _ in rows
    ]
    (drift,) = [v for v in both[-1]["verdicts"] if v["family"] == "drift" and v["decides"]]
    assert drift["state"] == "ok"


def test_the_figures_so_far_are_kept_of_each_reference_and_none_is_lost() -> None:
    alone = documents(judged(replaced=False), Stream.REPORTS)
    both = documents(judged(replaced=True), Stream.REPORTS)
    last = {report["reference_hash"]: report["cumulative"]["labelled"] for report in both}
    assert set(last) == {OLD.hash, NEW.hash}
    assert sum(last.values()) == alone[-1]["cumulative"]["labelled"]
