"""Labels that come later, on a real Kafka: two workers, one of them killed again and again."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.config.render import to_yaml
from stream_monitor.config.settings import LabelSettings
from stream_monitor.events.encode import encode_label
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from tests.kafka.live import PARTITIONS, PATIENCE_S, Documents, Monitor, Site, patient, published
from tests.pipeline.events import EPOCH_MS, Event, log, reference
from tests.pipeline.test_late_labels import by_id, final, labels_log

pytestmark = pytest.mark.kafka

#: A label: the id, the truth, and when it came, ms after the epoch of these tests.
Label = tuple[str, str, int]


def stream(rows: int, step_ms: int, seed: int) -> tuple[list[Event], list[Label]]:
    """Events with ids, and labels for four in five of them, some before their prediction."""
    rng = random.Random(seed)
    events, labels = [], []
    for i in range(rows):
        at = i * step_ms
        prediction = rng.choice("01")
        events.append(Event(at, round(rng.gauss(0, 1), 1), prediction=prediction, id=f"p{i}"))
        if rng.random() < 0.8:
            truth = prediction if rng.random() < 0.7 else rng.choice("01")
            labels.append((f"p{i}", truth, at + int(rng.lognormvariate(10.5, 1.5)) - 2000))
    return events, sorted(labels, key=lambda label: label[2])


def truth_of(site: Site, events: list[Event], labels: list[Label]) -> dict[str, dict[str, Any]]:
    """What one pass over everything says in the end."""
    engine = LocalEngine(site.settings, References(published(reference())), labels=True)
    said = [*engine.feed(0, log(events)), *engine.feed_labels(labels_log(labels))]
    said += [*engine.flush(), *engine.finish()]
    reports = [each for each in said if each.stream is Stream.REPORTS]
    return final({key: json.loads(json.dumps(found)) for key, found in by_id(reports).items()})


def site_of(kafka: str, home: Path) -> Site:
    site = Site(kafka, home)
    performance = PerformanceSettings(min=MinimumSettings(accuracy=0.6))
    site.settings = site.settings.model_copy(
        update={
            "labels": LabelSettings(emit_interval_ms=200, revise_interval_ms=500),
            "defaults": site.settings.defaults.model_copy(update={"performance": performance}),
            "worker": patient(site.settings.worker),
        }
    )
    site.config.write_text(to_yaml(site.settings), encoding="utf-8")
    return site


def send_labels(site: Site, labels: list[Label], seed: int = 0) -> None:
    """Labels to any partition: their keys are nobody's business."""
    rng = random.Random(seed)
    for id_, truth, at in labels:
        value = encode_label(
            model="m", prediction_id=id_, ground_truth=truth, timestamp=EPOCH_MS + at
        )
        site.send("labels", value, partition=rng.randrange(PARTITIONS))
    site.flush()


@dataclass
class Run:
    """What came out in the end, and what one pass says."""

    expected: dict[str, dict[str, Any]]
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    revised: int = 0
    outcomes: dict[str, float] = field(default_factory=dict)
    recovered_s: float = 0.0
    exit_codes: list[int] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)


def until_final(worker: Monitor, reports: Documents, run: Run) -> None:
    def done() -> bool:
        run.found = final(reports.update())
        return run.found == run.expected

    try:
        worker.until(done, timeout_s=PATIENCE_S)
    except AssertionError:
        return  # the test says what differs
    finally:
        run.revised = sum(
            each["revision"] > 0 for copies in reports.update().values() for each in copies
        )


def killed(kafka: str, home: Path) -> Run:
    """Two workers; one is killed three times while predictions and labels come."""
    with site_of(kafka, home) as site:
        site.create_topics()
        site.publish(reference())
        events, labels = stream(24_000, 20, seed=3)
        run = Run(truth_of(site, events, labels))
        reports = Documents(site, "reports", "report_id")
        steady = site.worker("steady")
        steady.until_running()
        parts = 4
        for part in range(parts):
            victim = site.worker("victim")
            victim.until_running()
            site.feed(events[part * len(events) // parts : (part + 1) * len(events) // parts])
            send_labels(
                site, labels[part * len(labels) // parts : (part + 1) * len(labels) // parts], part
            )
            victim.until_read(500)
            if part < parts - 1:
                victim.kill()
            if part == 1:
                victim.forget()
        until_final(steady, reports, run)
        run.exit_codes = [victim.stop(), steady.stop()]
        return run


def resumed(kafka: str, home: Path) -> Run:
    """Labels for predictions that a killed worker had read, and labels that say it twice."""
    with site_of(kafka, home) as site:
        site.create_topics()
        site.publish(reference())
        events, labels = stream(4_000, 20, seed=4)
        run = Run(truth_of(site, events, labels))
        reports = Documents(site, "reports", "report_id")
        first = site.worker("a")
        site.feed(events)
        early, late = labels[: len(labels) // 2], labels[len(labels) // 2 :]
        send_labels(site, early)
        first.until(lambda: len(reports.update()) >= len(run.expected))
        first.kill()
        began = time.monotonic()
        second = site.worker("a")
        contrary = [(id_, "1" if truth == "0" else "0", at + 1) for id_, truth, at in early[:7]]
        unknown = [(f"nobody-{i}", "1", 0) for i in range(5)]
        send_labels(site, [*late, *early[:11], *contrary, *unknown])
        site.send("labels", b'{"model": "m", "ground_truth": "1"}')
        site.send("labels", b"no json")
        site.flush()
        until_final(second, reports, run)
        run.recovered_s = time.monotonic() - began
        letters: set[bytes | None] = set()

        def both_are_set_aside() -> bool:
            letters.update(letter.key() for letter in site.messages("dead_letters"))
            return len(letters) == 2

        second.until(both_are_set_aside)
        run.exit_codes = [second.stop()]
        return run


@pytest.fixture(scope="module")
def runs(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("labels")
    with ThreadPoolExecutor(2) as pool:
        found: dict[str, Future[Run]] = {
            "killed": pool.submit(killed, kafka, home / "killed"),
            "resumed": pool.submit(resumed, kafka, home / "resumed"),
        }
        yield found


def test_with_a_worker_killed_three_times_the_last_revisions_are_those_of_one_pass(
    runs: dict[str, Future[Run]],
) -> None:
    run = runs["killed"].result()
    assert run.found == run.expected
    assert run.revised > 0
    assert run.exit_codes == [0, 0]
    assert sum(each["labelled"] for each in run.expected.values()) > 10_000


def test_labels_that_come_after_a_kill_find_predictions_from_before_it(
    runs: dict[str, Future[Run]],
) -> None:
    run = runs["resumed"].result()
    assert run.found == run.expected
    assert run.exit_codes == [0]
