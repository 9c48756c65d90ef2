"""What late labels change: alerts, closed windows, slices, and the detectors of degradation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import AlertSettings, PerformanceSettings, SliceSettings
from stream_monitor.config.settings import LabelSettings, ModelSettings, Settings
from stream_monitor.events.batch import Record
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from tests.pipeline.events import EPOCH_MS, SETTINGS, SLIDE_MS, WINDOW_MS, reference
from tests.pipeline.test_late_labels import labels_log

Label = tuple[str, str, int]


@dataclass
class World:
    """One engine and all that it has published."""

    engine: LocalEngine
    said: list[Publish]
    read: int = 0

    @classmethod
    def of(cls, performance: PerformanceSettings | None = None, **changes: object) -> World:
        defaults = SETTINGS.defaults.model_copy(
            update={
                "performance": performance or PerformanceSettings(),
                "alerts": AlertSettings(consecutive=2, recover=1),
            }
            | changes
        )
        labels = LabelSettings(revise_interval_ms=1000, retention_ms=30 * 86_400_000)
        settings = Settings(kafka=SETTINGS.kafka, labels=labels, defaults=defaults)
        return cls(LocalEngine(settings, References(reference()), labels=True), [])

    def predict(
        self, seconds: Sequence[float], prediction: str = "1", **fields: object
    ) -> list[str]:
        """One event at each second; their ids."""
        records, ids = [], []
        for second in seconds:
            self.read += 1
            ids.append(f"p{self.read}")
            body = {
                "model": "m",
                "prediction_id": ids[-1],
                "timestamp": EPOCH_MS + int(second * 1000),
                "features": {"x": 0.5, "c": "a"},
                "prediction": prediction,
                "score": 0.9,
            } | fields
            records.append(Record("predictions", 0, self.read, 0, msgspec.json.encode(body)))
        self.said += self.engine.feed(0, records)
        self.said += self.engine.flush()
        return ids

    def label(self, ids: Sequence[str], truth: str) -> None:
        start = self.engine.labels.position or 0
        records = [
            record._replace(offset=start + at)
            for at, record in enumerate(labels_log([(id_, truth, 999_000) for id_ in ids]))
        ]
        self.said += self.engine.feed_labels(records)
        self.said += self.engine.flush()

    def revise(self) -> None:
        """Time passes, without new events."""
        evaluator = self.engine.evaluator
        while evaluator.unrevised:
            self._now = getattr(self, "_now", 0) + 1000
            effects = evaluator.tick(self._now)
            self.said += [effect for effect in effects if isinstance(effect, Publish)]

    def alerts(self) -> list[dict[str, Any]]:
        return [dict(p.document) for p in self.said if p.stream is Stream.ALERTS]

    def reports(self, revision: int | None = None) -> list[dict[str, Any]]:
        found = [dict(p.document) for p in self.said if p.stream is Stream.REPORTS]
        return [r for r in found if revision is None or r["revision"] == revision]


LIMITED = PerformanceSettings(
    min=MinimumSettings(accuracy=0.6), degradation=DegradationSettings(detectors=())
)


def test_labels_that_come_late_raise_an_alert_of_a_window_that_was_reported() -> None:
    world = World.of(LIMITED)
    ids = world.predict(range(300))
    assert not [a for a in world.alerts() if a["monitor"] == "accuracy"]
    world.label(ids[100:200], "0")
    world.revise()
    (started, *rest) = [a for a in world.alerts() if a["monitor"] == "accuracy"]
    assert started["status"] == "started"
    assert started["summary"].endswith("Labels that came late have raised it.")
    assert started["window_end_ms"] < EPOCH_MS + 200_000
    assert not rest or rest[-1]["status"] == "recovered"
    rejudged = [each for r in world.reports() for each in r.get("rejudged", ())]
    of_alert = {e["judgement"] for e in rejudged if e["alert_id"] == started["alert_id"]}
    assert of_alert & {"raised", "recovered"}


def test_labels_that_come_late_withdraw_an_alert_with_a_reason() -> None:
    world = World.of(LIMITED)
    early = world.predict(range(100))
    world.label(early[::8], "0")  # the first labels to come are all of wrong predictions
    world.predict(range(100, 300))
    assert [a["status"] for a in world.alerts() if a["monitor"] == "accuracy"] == ["started"]
    world.label(early[1::8] + early[2::8] + early[3::8] + early[4::8], "1")
    world.revise()
    said = [a for a in world.alerts() if a["monitor"] == "accuracy"]
    assert [a["status"] for a in said] == ["started", "withdrawn"]
    assert said[0]["alert_id"] == said[1]["alert_id"]
    assert "With the labels that have come since" in said[1]["summary"]
    judged = {e["judgement"] for r in world.reports() for e in r.get("rejudged", ())}
    assert "withdrawn" in judged
    assert not [key for key in world.reports()[-1]["open_alerts"] if "accuracy" in key]


def test_labels_that_come_late_keep_an_alert_that_they_confirm() -> None:
    world = World.of(LIMITED)
    early = world.predict(range(100))
    world.label(early[::8], "0")
    world.predict(range(100, 300))
    world.label(early[1::8], "0")
    world.revise()
    said = [a["status"] for a in world.alerts() if a["monitor"] == "accuracy"]
    assert said == ["started"]
    assert "kept" in {e["judgement"] for r in world.reports() for e in r.get("rejudged", ())}


def test_a_label_for_a_closed_window_counts_in_the_cumulative_figures_only_and_as_too_late() -> (
    None
):
    world = World.of(revise_ms=60_000)
    ids = world.predict(range(600))
    counts = world.engine.evaluator.counts
    before = world.reports()[-1]["cumulative"]["labelled"]
    world.label(ids[:10], "1")
    world.revise()
    assert counts.too_late["m"] == 10
    assert not world.reports(revision=1)
    world.predict(range(600, 700))
    cumulative = world.reports()[-1]["cumulative"]
    assert cumulative["labelled"] == before + 10
    assert cumulative["figures"]["accuracy"]["value"] == 1.0
    world.label([f"p{number}" for number in range(601, 611)], "0")
    world.revise()
    assert counts.too_late["m"] == 10
    assert len(world.reports(revision=1)) == WINDOW_MS // SLIDE_MS


def test_a_candidate_version_that_errs_more_is_found_worse_than_the_champion() -> None:
    world = World.of()
    champion = world.predict([s / 10 for s in range(6000)], model_version="1")
    candidate = world.predict([s / 10 + 0.05 for s in range(3000, 6000)], model_version="2")
    world.label([id_ for i, id_ in enumerate(champion) if i % 10], "1")
    world.label([id_ for i, id_ in enumerate(champion) if not i % 10], "0")
    world.label([id_ for i, id_ in enumerate(candidate) if i % 4], "1")
    world.label([id_ for i, id_ in enumerate(candidate) if not i % 4], "0")
    world.predict(range(700, 800), model_version="1")
    report = world.reports(revision=0)[-1]
    (versions,) = report["cumulative"]["versions"]
    assert (versions["champion"], versions["version"]) == ("1", "2")
    accuracy = next(m for m in versions["metrics"] if m["metric"] == "accuracy")
    assert accuracy["difference"] == pytest.approx(-0.15, abs=0.001)
    assert accuracy["lower"] < -0.15 < accuracy["upper"] < 0
    assert accuracy["sequential_lower"] < accuracy["lower"]
    assert (accuracy["decided"], accuracy["p_value"] < 1e-6) == ("worse", True)
    of_versions = report["cumulative"]["slices"]["version"]["values"]
    assert of_versions["2"]["figures"]["accuracy"]["value"] == pytest.approx(0.75)


def test_of_windows_that_are_revised_together_the_newest_carries_the_cumulative_figures() -> None:
    world = World.of()
    ids = [
        *world.predict(range(0, 300, 2), model_version="1"),
        *world.predict(range(1, 300, 2), model_version="2"),
    ]
    world.predict([400])
    first = world.reports(revision=0)
    assert first[-1]["cumulative"]["labelled"] == 0
    assert all(report["cumulative"]["to_ms"] == report["window"]["end_ms"] for report in first)
    world.label(ids[:30] + ids[150:180], "1")
    world.revise()
    revised = world.reports(revision=1)
    (carrier,) = [report for report in revised if "cumulative" in report]
    assert carrier["window"]["end_ms"] == max(report["window"]["end_ms"] for report in revised)
    cumulative = carrier["cumulative"]
    assert cumulative["to_ms"] == first[-1]["window"]["end_ms"]
    assert (cumulative["rows"], cumulative["labelled"]) == (first[-1]["cumulative"]["rows"], 60)
    of_versions = cumulative["slices"]["version"]["values"]
    assert {name: found["labelled"] for name, found in of_versions.items()} == {"1": 30, "2": 30}
    (beside,) = cumulative["versions"]
    assert (beside["champion"], beside["version"]) == ("1", "2")


def test_late_labels_accuse_a_version_and_take_it_back() -> None:
    """Of the candidate the wrong answers are told first; in the end both err as often."""
    world = World.of(slices=SliceSettings(champion="1"))
    champion: list[str] = []
    candidate: list[str] = []
    for ten_s in range(60):
        seconds = [10 * ten_s + quarter / 4 for quarter in range(40)]
        champion += world.predict(seconds, model_version="1")
        candidate += world.predict(seconds, model_version="2")
    for ids in (champion, candidate):
        world.label(ids[::10], "0")
    world.label([id_ for i, id_ in enumerate(champion) if i % 10], "1")
    world.revise()

    def said() -> list[dict[str, Any]]:
        return [alert for alert in world.alerts() if alert["monitor"] == "version_worse"]

    assert {(alert["column"], alert["status"]) for alert in said()} == {("version:2", "started")}
    assert "version 2 is worse than the champion" in said()[0]["summary"]
    assert said()[0]["false_alarms"] == "1 per 30d"
    world.label([id_ for i, id_ in enumerate(candidate) if i % 10], "1")
    world.revise()
    assert said()[-1]["status"] == "withdrawn"
    assert "performance/version_worse/version:2" not in world.reports()[-1]["open_alerts"]
    last: dict[int, dict[str, Any]] = {}
    for report in world.reports():
        last[report["window"]["end_ms"]] = report
    verdicts = [v for r in last.values() for v in r["verdicts"] if v["monitor"] == "version_worse"]
    assert "alarm" not in {verdict["state"] for verdict in verdicts}


def test_values_of_a_segment_beyond_the_cap_are_dropped_and_counted() -> None:
    world = World.of(slices=SliceSettings(segments=("country",), max_values=3))
    for at in range(300):
        world.predict([at], segments={"country": f"c{at % 5}", "other": "x"})
    country = world.reports()[-1]["slices"]["segment:country"]
    rows = sum(value["rows"] for value in country["values"].values())
    assert (len(country["values"]), rows + country["dropped_rows"]) == (3, 60)
    assert country["dropped_rows"] == 24
    judged = sum(
        1 for at in range(300) if at * 1000 < world.reports()[-1]["window"]["end_ms"] - EPOCH_MS
    )
    assert world.engine.evaluator.counts.dropped["slice_values"] == judged * 2 // 5
    assert "segment:other" not in world.reports()[-1]["slices"]


@pytest.mark.parametrize(
    "detector", ["evidence", "cusum", "page_hinkley", "adwin", "ddm", "hddm_a"]
)
def test_a_rise_of_the_errors_is_found_from_labels_that_come_late(detector: str) -> None:
    degradation = DegradationSettings.model_validate(
        {"detectors": (detector,), "run_length": 10_000, "learn": 200}
        | {"page_hinkley": {"threshold": 20.0}}
    )
    world = World.of(PerformanceSettings(degradation=degradation))
    ids = world.predict([s / 10 for s in range(6000)])
    monitor = f"degradation_{detector}"
    assert {
        v["state"] for r in world.reports() for v in r["verdicts"] if v["monitor"] == monitor
    } == {"thin"}
    wrong = {id_ for i, id_ in enumerate(ids) if (not i % 10 if i < 4000 else not i % 2)}
    world.label([id_ for id_ in ids if id_ not in wrong], "1")
    world.label(sorted(wrong), "0")
    world.revise()
    (started,) = [a for a in world.alerts() if a["monitor"] == monitor and a["status"] == "started"]
    assert started["started_at"] > EPOCH_MS + 400_000
    assert "the errors have risen" in started["summary"]


def test_a_model_without_a_reference_has_its_accuracy_from_late_labels() -> None:
    settings = Settings(
        kafka=SETTINGS.kafka,
        labels=LabelSettings(revise_interval_ms=1000),
        defaults=ModelSettings(
            window_ms=60_000, slide_ms=20_000, allowed_lateness_ms=30_000, min_samples=5
        ),
    )
    world = World(LocalEngine(settings, References(), labels=True), [])
    ids = world.predict(range(200))
    world.label(ids[:50], "1")
    world.revise()
    last = [r for r in world.reports() if r["labelled"] == 50][-1]
    accuracy = next(v for v in last["verdicts"] if v["monitor"] == "accuracy")
    assert (accuracy["statistic"], accuracy["n"]) == (1.0, 50)
