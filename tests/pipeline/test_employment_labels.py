"""Real people, labels days late: every figure ends as scikit-learn has it, through crashes.

The shipped survey extract over 20 days in windows of a day. Labels come two days later in the
median, one in five never.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn import metrics

from stream_monitor import data
from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.config.settings import KafkaSettings, LabelSettings, ModelSettings, Settings
from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.events.labels import LabelBatch
from stream_monitor.kafka.messages import Format, Message, label_messages, messages
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.pipeline.merged import run_with_labels
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles, join_labels, read, to_batches
from stream_monitor.reference.model import Reference
from stream_monitor.reference.registry import References
from stream_monitor.scenarios.delays import LabelDelay
from stream_monitor.summaries.scored import CLIP
from stream_monitor.testing.cluster import FakeCluster

START_MS = 1_704_067_200_000
INTERVAL_MS = 20 * DAY // 18_000
SLIDE_MS = 12 * HOUR
MIN_SAMPLES = 100
PARTITIONS = 2
DELAY = LabelDelay(2 * DAY, never=0.2, seed=11)
SETTINGS = Settings(
    kafka=KafkaSettings(block_size=256),
    labels=LabelSettings(retention_ms=30 * DAY, revise_interval_ms=1000),
    defaults=ModelSettings(
        window_ms=DAY, slide_ms=SLIDE_MS, min_samples=MIN_SAMPLES, revise_ms=30 * DAY
    ),
)
LARGE = 1 << 20
EXACT = (
    *("accuracy", "precision", "recall", "f1", "specificity", "balanced_accuracy", "mcc"),
    *("log_loss", "brier"),
)
BOUNDED = ("roc_auc", "average_precision")
ERRORS = tuple(f"estimate_error_{n}" for n in ("accuracy", "precision", "recall", "f1", "roc_auc"))

Document = dict[str, Any]


class World(NamedTuple):
    """The survey as a stream, its labels as they come, and what one pass says in the end."""

    reference: Reference
    times: np.ndarray
    truths: np.ndarray
    predictions: np.ndarray
    scores: np.ndarray
    comes: np.ndarray
    events: list[EventBatch]
    labels: LabelBatch
    final: dict[str, Document]


@pytest.fixture(scope="module")
def world() -> World:
    past = read(data.path("employment_reference.parquet"))
    roles = assign_roles(past, label="employed")
    reference = build("employment", past, roles, created_ms=0, source="")
    table = join_labels(
        read(data.path("employment_analysis.parquet")),
        read(data.path("employment_labels.parquet")),
        "id",
        "employed",
    )
    truths = table["employed"].to_numpy()
    roles = assign_roles(table, id="id", ignore=["employed"])
    events = [*to_batches(table, roles, "employment", start_ms=START_MS, interval_ms=INTERVAL_MS)]
    times = np.concatenate([batch.timestamps for batch in events])
    drawn = DELAY.times(times)
    whole = LabelBatch(
        "employment",
        np.arange(len(times)),
        drawn.at,
        [str(id_) for id_ in table["id"].to_pylist()],
        truths,
    )
    came = np.flatnonzero(drawn.comes)
    labels = whole.take(came[np.argsort(drawn.at[came], kind="stable")], "employment")
    engine = LocalEngine(SETTINGS, References(reference), labels=True)
    published = [
        publish
        for step in run_with_labels(engine, events, labels, tick_ms=SLIDE_MS)
        for publish in step
    ]
    return World(
        reference,
        times,
        truths,
        table["prediction"].to_numpy(),
        table["predicted_probability"].to_numpy(),
        drawn.comes,
        events,
        labels,
        last_revisions(published),
    )


def last_revisions(published: Sequence[Publish]) -> dict[str, Document]:
    """The last report of each window, by its id."""
    found: dict[str, Document] = {}
    for publish in published:
        document = dict(publish.document)
        if publish.stream is not Stream.REPORTS:
            continue
        before = found.get(document["report_id"])
        if before is None or document["revision"] >= before["revision"]:
            found[document["report_id"]] = document
    return found


def figures(document: Document) -> dict[str, Document]:
    """The model's figures by their names, without those that go on from window to window."""
    return {
        verdict["monitor"]: verdict
        for verdict in document["verdicts"]
        if verdict["family"] == "performance"
        and not verdict["column"]
        and not verdict["monitor"].startswith("degradation")
    }


def sklearn_says(truth: np.ndarray, told: np.ndarray, score: np.ndarray) -> dict[str, float]:
    clipped = np.clip(score, CLIP, 1 - CLIP)
    return {
        "accuracy": metrics.accuracy_score(truth, told),
        "precision": metrics.precision_score(truth, told),
        "recall": metrics.recall_score(truth, told),
        "f1": metrics.f1_score(truth, told),
        "specificity": metrics.recall_score(truth, told, pos_label=0),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, told),
        "mcc": metrics.matthews_corrcoef(truth, told),
        "log_loss": metrics.log_loss(truth, np.column_stack([1 - clipped, clipped])),
        "brier": metrics.brier_score_loss(truth, score),
        "roc_auc": metrics.roc_auc_score(truth, score),
        "average_precision": metrics.average_precision_score(truth, score),
    }


def test_after_the_last_label_every_figure_of_every_window_is_that_of_scikit_learn(
    world: World,
) -> None:
    assert len(world.final) == 40
    farthest = 0.0
    for document in world.final.values():
        start, end = document["window"]["start_ms"], document["window"]["end_ms"]
        inside = (world.times >= start) & (world.times < end)
        rows = inside & world.comes
        assert document["rows"] == inside.sum()
        assert document["labelled"] == rows.sum() >= MIN_SAMPLES
        assert document["revision"] >= 1 or end > world.times[-1]
        found = figures(document)
        assert found["coverage"]["statistic"] == rows.sum() / inside.sum()
        expected = sklearn_says(world.truths[rows], world.predictions[rows], world.scores[rows])
        for name in EXACT:
            assert found[name]["statistic"] == pytest.approx(expected[name], rel=1e-12), name
            farthest = max(farthest, abs(found[name]["statistic"] / expected[name] - 1))
        for name in BOUNDED:
            assert found[name]["least"] - 1e-12 <= expected[name] <= found[name]["most"] + 1e-12
            assert found[name]["most"] - found[name]["least"] < 0.01
        for name in (*EXACT, *BOUNDED):
            assert found[name]["state"] == "info"
            assert found[name]["n"] >= 1
    print(f"farthest from scikit-learn: {farthest:.1e} relative")


def test_the_delays_that_are_told_are_those_of_the_labels(world: World) -> None:
    at = dict(zip(world.labels.prediction_ids, world.labels.timestamps.tolist(), strict=True))
    ids = [id_ for batch in world.events for id_ in batch.prediction_ids or ()]
    for document in list(world.final.values())[::10]:
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
            read[p], read_labels[p] = upto, upto_labels
            if number % 3 == 0:
                cluster.commit_labels(p)
                cluster.commit(p)
        for p in range(PARTITIONS):
            cluster.join(p, len(cluster.join_logs[p]))
            cluster.flush_joins(p)
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
    world: World, crashed: FakeCluster
) -> None:
    found = last_revisions(crashed.published)
    assert crashed.dead_letters == []
    assert set(found) == set(world.final)
    for id_, document in found.items():
        expected = world.final[id_]
        for what in ("window", "rows", "labelled", "confusion", "slices"):
            assert document[what] == expected[what], what
        assert figures(document) == figures(expected)
    assert sum(document["revision"] for document in found.values()) > 4 * len(found)
