"""Real people on a real Kafka: two workers, one of them killed three times, labels days late."""

from __future__ import annotations

import heapq
import random
from pathlib import Path

import pytest

from stream_monitor.config.render import to_yaml
from stream_monitor.kafka.messages import Format, Message, label_messages, messages
from stream_monitor.statistics.arrays import BoolArray
from tests.kafka.live import PARTITIONS, Documents, Monitor, Site, patient
from tests.pipeline.survey import (
    SETTINGS,
    Document,
    World,
    farthest_from_sklearn,
    figures,
    survey,
)

pytestmark = pytest.mark.kafka

WINDOWS = 40
_LARGE = 1 << 20


def newest(copies: dict[str, list[Document]]) -> dict[str, Document]:
    """The last revision of each report."""
    found: dict[str, Document] = {}
    for id_, documents in copies.items():
        found[id_] = max(documents, key=lambda document: document["revision"])
    return found


def restated(kafka: str, home: Path, world: World, timeout_s: float) -> dict[str, list[Document]]:
    """Every report there was, of events and labels in the order of their times."""
    site = Site(kafka, home)
    site.settings = site.settings.model_copy(
        update={
            "labels": SETTINGS.labels.model_copy(
                update={"emit_interval_ms": 500, "revise_interval_ms": 1000}
            ),
            "defaults": SETTINGS.defaults,
            "worker": patient(site.settings.worker),
        }
    )
    site.config.write_text(to_yaml(site.settings), encoding="utf-8")
    with site:
        site.create_topics()
        site.publish(world.reference)
        events = messages(world.events, Format.JSON, max_bytes=_LARGE)
        labels = label_messages([world.labels], max_bytes=_LARGE)
        sent = [
            *heapq.merge(
                (("predictions", message) for message in events),
                (("labels", message) for message in labels),
                key=lambda pair: pair[1].at_ms,
            )
        ]
        reports = Documents(site, "reports", "report_id")
        steady = site.worker("steady")
        steady.until_running()
        quarter = len(sent) // 4 + 1
        rng = random.Random(7)
        for part in range(4):
            victim = site.worker("victim")
            victim.until_running()
            for topic, message in sent[part * quarter : (part + 1) * quarter]:
                send(site, topic, message, rng)
            site.flush()
            victim.until_read(500)
            if part < 3:
                victim.kill()
        until_labelled(steady, reports, world, timeout_s)
        assert [victim.stop(), steady.stop()] == [0, 0]
        return reports.update()


def send(site: Site, topic: str, message: Message, rng: random.Random) -> None:
    """To any partition: keys are nobody's business."""
    where = rng.randrange(PARTITIONS)
    if topic == "predictions":
        site.send("predictions", message.value, partition=where, headers=message.headers)
    else:
        site.send("labels", message.value, partition=where, headers=message.headers)


def until_labelled(worker: Monitor, reports: Documents, world: World, timeout_s: float) -> None:
    """Wait until every window knows all labels that came for it."""

    def done() -> bool:
        found = newest(reports.update())
        if len(found) < WINDOWS:
            return False
        return all(
            document["labelled"] == int((world.comes & inside(world, document["window"])).sum())
            for document in found.values()
        )

    worker.until(done, timeout_s=timeout_s)


def inside(world: World, window: dict[str, int]) -> BoolArray:
    return (world.times >= window["start_ms"]) & (world.times < window["end_ms"])


def test_with_two_workers_one_killed_three_times_the_figures_end_as_scikit_learn_has_them(
    kafka: str, tmp_path: Path
) -> None:
    world = survey()
    copies = restated(kafka, tmp_path, world, 120)
    found = newest(copies)
    assert len(found) == WINDOWS
    assert max(farthest_from_sklearn(world, document) for document in found.values()) < 1e-12
    # Before the last label the estimate's own error was told, once enough had come.
    told = [
        figures(document)["estimate_error_accuracy"]
        for documents in copies.values()
        for document in documents
        if 100 <= document["labelled"] < found[document["report_id"]]["labelled"]
    ]
    assert len(told) >= 20
    assert all(verdict["lower"] < verdict["upper"] for verdict in told)
