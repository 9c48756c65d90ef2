"""Real people, labels days late: every figure ends as scikit-learn has it, through crashes.

The shipped survey extract over 20 days in windows of a day. Labels come two days later in the
median, one in five never.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stream_monitor.events.batch import Record
from stream_monitor.kafka.messages import Format, Message, label_messages, messages
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.pipeline.merged import run_with_labels
from stream_monitor.reference.registry import References
from stream_monitor.testing.cluster import FakeCluster
from tests.pipeline.survey import (
    MIN_SAMPLES,
    SETTINGS,
    SLIDE_MS,
    START_MS,
    Document,
    World,
    farthest_from_sklearn,
    figures,
    last_revisions,
    survey,
)

PARTITIONS = 2
LARGE = 1 << 20
ERRORS = tuple(f"estimate_error_{n}" for n in ("accuracy", "precision", "recall", "f1", "roc_auc"))


@pytest.fixture(scope="module")
def world() -> World:
    return survey()


@pytest.fixture(scope="module")
def final(world: World) -> dict[str, Document]:
    """What one pass says in the end."""
    engine = LocalEngine(SETTINGS, References(world.reference), labels=True)
    steps = run_with_labels(engine, world.events, world.labels, tick_ms=SLIDE_MS)
    return last_revisions([publish for step in steps for publish in step])


def test_after_the_last_label_every_figure_of_every_window_is_that_of_scikit_learn(
    world: World, final: dict[str, Document]
) -> None:
    assert len(final) == 40
    assert max(farthest_from_sklearn(world, document) for document in final.values()) < 1e-12
    for document in final.values():
        assert document["revision"] >= 1 or document["window"]["end_ms"] > world.times[-1]


def test_the_delays_that_are_told_are_those_of_the_labels(
    world: World, final: dict[str, Document]
) -> None:
    at = dict(zip(world.labels.prediction_ids, world.labels.timestamps.tolist(), strict=True))
    ids = [id_ for batch in world.events for id_ in batch.prediction_ids or ()]
    for document in list(final.values())[::10]:
        start, end = document["window"]["start_ms"], document["window"]["end_ms"]
        inside = np.flatnonzero((world.times >= start) & (world.times < end) & world.comes)
        delays = sorted((at[str(ids[i])] - int(world.times[i])) / 1000 for i in inside.tolist())
        told = figures(document)["delay_p50"]
        middle = delays[math.floor(0.5 * (len(delays) - 1))]
        assert told["statistic"] == pytest.approx(middle, rel=0.01)
        assert told["n"] == len(delays)


def logs_of(sent: list[Message], topic: str, seed: int) -> tuple[list[list[Record]], list[Any]]:
    """Messages on partitions at random, and the event times of each partition's records."""
    where = np.random.default_rng(seed).integers(0, PARTITIONS, len(sent))
    logs: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    for partition, message in zip(where.tolist(), sent, strict=True):
        log = logs[partition]
        log.append(Record(topic, partition, len(log), 0, message.value, message.key))
    at = np.array([message.at_ms for message in sent])
    return logs, [at[where == partition] for partition in range(PARTITIONS)]


@pytest.fixture(scope="module")
def crashed(world: World) -> FakeCluster:
    """Half a day a step; each joiner and reader of two partitions crashes thrice, stage 2 too."""
    logs, times = logs_of(
        [*messages(world.events, Format.JSON, max_bytes=LARGE)], "predictions", seed=1
    )
    label_logs, label_times = logs_of(
        [*label_messages([world.labels], max_bytes=LARGE)], "labels", seed=2
    )
    cluster = FakeCluster(SETTINGS, References(world.reference), logs, label_logs, PARTITIONS)
    last = int(world.labels.timestamps[-1])
    steps = [*range(START_MS + SLIDE_MS, last + SLIDE_MS, SLIDE_MS)]
    crashes = {len(steps) * k // 8 + p: p for k in (1, 3, 5) for p in range(PARTITIONS)}
    assert len(crashes) == 3 * PARTITIONS
    read, read_labels = [0] * PARTITIONS, [0] * PARTITIONS
    for number, until in enumerate(steps):
        cluster.now_ms += 1000
        for p in range(PARTITIONS):
            upto = int(np.searchsorted(times[p], until))
            upto_labels = int(np.searchsorted(label_times[p], until))
            if crashes.get(number) == p:
                # In the middle of a step: half of it is told, and told again by a successor.
                cluster.read_labels(p, (upto_labels - read_labels[p]) // 2)
                cluster.read(p, (upto - read[p]) // 2)
                cluster.flush(p)
                cluster.join(p, len(cluster.join_logs[p]))
                cluster.crash_labels(p)
                cluster.crash_reader(p)
                cluster.crash_joiner(p)
                read[p], read_labels[p] = cluster.committed[p], cluster.labels_committed[p]
            cluster.read_labels(p, upto_labels - read_labels[p])
            cluster.read(p, upto - read[p])
            cluster.flush(p)
            cluster.deliver(p)
            read[p], read_labels[p] = upto, upto_labels
            if number % 3 == 0:
                cluster.commit_labels(p)
                cluster.commit(p)
        for p in range(PARTITIONS):
            cluster.join(p, len(cluster.join_logs[p]))
            cluster.flush_joins(p)
            cluster.commit_joins(p)
        cluster.read_summaries(len(cluster.summaries))
        if number in crashes:
            cluster.crash_evaluator(kept=0.5)
        elif number % 5 == 0:
            cluster.commit_evaluator()
    cluster.finish()
    return cluster


def test_before_the_last_label_the_estimates_error_is_told_once_enough_have_come(
    crashed: FakeCluster,
) -> None:
    final = last_revisions(crashed.published)
    told = thin = 0
    for documents in crashed.documents(Stream.REPORTS).values():
        for document in documents:
            found = figures(document)
            assert set(ERRORS) <= set(found)
            if document["labelled"] == final[document["report_id"]]["labelled"]:
                continue  # after the last label
            for name in ERRORS:
                if document["labelled"] < MIN_SAMPLES:
                    assert found[name]["state"] == "thin"
                    thin += 1
                    continue
                assert found[name]["state"] == "info"
                assert math.isfinite(found[name]["statistic"])
                assert found[name]["lower"] < found[name]["upper"]
                assert 0 <= found[name]["p_value"] <= 1
                told += 1
    assert told > 500
    assert thin > 50


def test_crashes_of_joiners_and_readers_change_no_last_revision(
    final: dict[str, Document], crashed: FakeCluster
) -> None:
    found = last_revisions(crashed.published)
    assert crashed.dead_letters == []
    assert set(found) == set(final)
    for id_, document in found.items():
        expected = final[id_]
        for what in ("window", "rows", "labelled", "confusion", "slices"):
            assert document[what] == expected[what], what
        assert figures(document) == figures(expected)
    assert sum(document["revision"] for document in found.values()) > 4 * len(found)
