"""The survey as a stream whose labels come days late, and what scikit-learn says of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn import metrics

from stream_monitor import data
from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.config.settings import KafkaSettings, LabelSettings, ModelSettings, Settings
from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles, join_labels, read, to_batches
from stream_monitor.reference.model import Reference
from stream_monitor.scenarios.delays import LabelDelay
from stream_monitor.summaries.scored import CLIP

START_MS = 1_704_067_200_000
INTERVAL_MS = 20 * DAY // 18_000
SLIDE_MS = 12 * HOUR
MIN_SAMPLES = 100
DELAY = LabelDelay(2 * DAY, never=0.2, seed=11)
SETTINGS = Settings(
    kafka=KafkaSettings(block_size=256),
    labels=LabelSettings(retention_ms=30 * DAY, revise_interval_ms=1000),
    defaults=ModelSettings(
        window_ms=DAY, slide_ms=SLIDE_MS, min_samples=MIN_SAMPLES, revise_ms=30 * DAY
    ),
)
EXACT = (
    *("accuracy", "precision", "recall", "f1", "specificity", "balanced_accuracy", "mcc"),
    *("log_loss", "brier"),
)
BOUNDED = ("roc_auc", "average_precision")

Document = dict[str, Any]


class World(NamedTuple):
    """The survey as a stream, and its labels as they come."""

    reference: Reference
    times: np.ndarray
    truths: np.ndarray
    predictions: np.ndarray
    scores: np.ndarray
    comes: np.ndarray
    events: list[EventBatch]
    labels: LabelBatch


def survey(folder: Path | None = None) -> World:
    """The survey over 20 days, labels two days later in the median, 20 % never.

    The extract that is shipped, or the files of the same names in a folder.
    """

    def file(what: str) -> Path:
        name = f"employment_{what}.parquet"
        return data.path(name) if folder is None else folder / name

    known = read(file("reference"))
    reference = build(
        "employment", known, assign_roles(known, label="employed"), created_ms=0, source=""
    )
    table = join_labels(read(file("analysis")), read(file("labels")), "id", "employed")
    roles = assign_roles(table, id="id", ignore=["employed"])
    interval_ms = 20 * DAY // table.num_rows
    events = [*to_batches(table, roles, "employment", start_ms=START_MS, interval_ms=interval_ms)]
    times = np.concatenate([batch.timestamps for batch in events])
    drawn = DELAY.times(times)
    truths = table["employed"].to_numpy()
    whole = LabelBatch(
        "employment",
        np.arange(len(times)),
        drawn.at,
        [str(id_) for id_ in table["id"].to_pylist()],
        truths,
    )
    came = np.flatnonzero(drawn.comes)
    return World(
        reference,
        times,
        truths,
        table["prediction"].to_numpy(),
        table["predicted_probability"].to_numpy(),
        drawn.comes,
        events,
        whole.take(came[np.argsort(drawn.at[came], kind="stable")], "employment"),
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


def farthest_from_sklearn(world: World, document: Document) -> float:
    """Hold a window's last report against scikit-learn; the largest relative difference."""
    start, end = document["window"]["start_ms"], document["window"]["end_ms"]
    inside = (world.times >= start) & (world.times < end)
    rows = inside & world.comes
    assert document["rows"] == inside.sum()
    assert document["labelled"] == rows.sum() >= MIN_SAMPLES
    found = figures(document)
    assert found["coverage"]["statistic"] == rows.sum() / inside.sum()
    expected = sklearn_says(world.truths[rows], world.predictions[rows], world.scores[rows])
    for name in BOUNDED:
        assert found[name]["least"] - 1e-12 <= expected[name] <= found[name]["most"] + 1e-12
        assert found[name]["most"] - found[name]["least"] < 0.01
    for name in (*EXACT, *BOUNDED):
        assert found[name]["state"] == "info"
        assert found[name]["n"] >= 1
    return max(float(abs(found[name]["statistic"] / expected[name] - 1)) for name in EXACT)
