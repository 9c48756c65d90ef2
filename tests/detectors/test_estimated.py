"""Checked by simulation, against figures of labels that the estimate has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from numpy.random import Generator
from numpy.typing import NDArray
from sklearn import metrics

from stream_monitor import data
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.estimated import estimates
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.events.batch import EventBatch
from stream_monitor.reference.build import build
from stream_monitor.reference.data import Roles, assign_roles, join_labels, read, to_batches
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import batch, only

ROLES = Roles((), prediction="prediction", score="score", label="label")
Rows = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]


def drawn(random: Generator, rows: int, a: float = 2, b: float = 3, worth: float = 1.5) -> Rows:
    """Scores, predictions and labels of a binary model that is not calibrated."""
    score = random.beta(a, b, rows)
    return score, (score > 0.5).astype(int), (random.random(rows) < score**worth).astype(int)


def of_classes(random: Generator, rows: int, mix: tuple[float, ...] = (0.5, 0.3, 0.2)) -> Rows:
    prediction = random.choice(3, rows, p=mix)
    score = random.beta(4, 2, rows)
    right = random.random(rows) < score
    return score, prediction, np.where(right, prediction, (prediction + 1) % 3)


def reference_of(rows: Rows) -> Reference:
    score, prediction, label = rows
    table = pa.table({"prediction": prediction, "score": score, "label": label})
    return build("m", table, ROLES, created_ms=0, source="s")


def events(rows: Rows, labelled: NDArray[np.bool_] | None = None) -> EventBatch:
    score, prediction, label = rows
    known = np.ones(len(score), bool) if labelled is None else labelled
    truth = [int(y) if k else None for y, k in zip(label, known, strict=True)]
    return batch(len(score), prediction=prediction, score=score, truth=truth)


def judged(
    rows: Rows, against: Reference, labelled: NDArray[np.bool_] | None = None
) -> tuple[Verdict, ...]:
    summary = ModelSummary.of(events(rows, labelled), against)
    return judge_performance(summary.traffic.total, against, ModelSettings())


def truth(rows: Rows, binary: bool) -> dict[str, float]:
    score, prediction, label = rows
    mean = "binary" if binary else "macro"
    found = {
        "accuracy": metrics.accuracy_score(label, prediction),
        "precision": metrics.precision_score(label, prediction, average=mean),
        "recall": metrics.recall_score(label, prediction, average=mean),
        "f1": metrics.f1_score(label, prediction, average=mean),
    }
    return found | ({"roc_auc": metrics.roc_auc_score(label, score)} if binary else {})


def share_held(
    normal: Callable[[], Rows], now: Callable[[], Rows], positive: str | None, tries: int
) -> dict[str, float]:
    """By metric, how often the interval held what labels say."""
    held: Counter[str] = Counter()
    for _ in range(tries):
        against = reference_of(normal())
        rows = now()
        population = ModelSummary.of(events(rows), against).traffic.total.population
        for name, estimate in estimates(population, against, positive).items():
            lower, upper = estimate.figure.lower, estimate.figure.upper
            assert lower is not None
            assert upper is not None
            held[name] += lower <= truth(rows, binary=positive is not None)[name] <= upper
    return {name: count / tries for name, count in held.items()}


@pytest.mark.parametrize("shift", [(2, 3), (3, 2)])
def test_the_intervals_of_a_binary_model_hold_what_labels_say_as_often_as_they_claim(
    shift: tuple[float, float],
) -> None:
    random = np.random.default_rng(2)
    held = share_held(
        lambda: drawn(random, 3000), lambda: drawn(random, 1000, *shift), "1", tries=200
    )
    names = ("accuracy", "precision", "recall", "f1", "roc_auc")
    assert held == pytest.approx(dict.fromkeys(names, 0.95), abs=0.05)


def test_the_intervals_of_many_classes_hold_what_labels_say_as_often_as_they_claim() -> None:
    random = np.random.default_rng(3)
    held = share_held(
        lambda: of_classes(random, 3000),
        lambda: of_classes(random, 1000, (0.2, 0.3, 0.5)),
        None,
        tries=150,
    )
    names = ("accuracy", "precision", "recall", "f1")
    assert held == pytest.approx(dict.fromkeys(names, 0.95), abs=0.06)


def test_a_changed_worth_of_scores_is_not_in_the_estimate_and_is_in_its_error() -> None:
    random = np.random.default_rng(4)
    against = reference_of(drawn(random, 5000))
    usual, changed = drawn(random, 2000), drawn(random, 2000, worth=0.5)
    before, after = judged(usual, against), judged(changed, against)
    moved = only(after, "estimated_accuracy").statistic
    assert moved == pytest.approx(only(before, "estimated_accuracy").statistic, abs=0.02)
    fine, off = only(before, "estimate_error_recall"), only(after, "estimate_error_recall")
    assert fine.p_value is not None
    assert fine.p_value > 0.01
    assert off.p_value is not None
    assert off.p_value < 1e-6
    assert (off.state, off.decides) == (State.INFO, False)
    assert off.upper is not None
    assert off.upper < 0
    error = only(after, "estimate_error_accuracy").statistic
    realised = only(after, "accuracy").statistic
    assert realised is not None
    assert moved is not None
    assert error == pytest.approx(realised - moved)


def test_the_error_is_of_the_labelled_rows_and_the_estimate_of_all() -> None:
    random = np.random.default_rng(5)
    rows, known = drawn(random, 2000), random.random(2000) < 0.25
    verdicts = judged(rows, reference_of(drawn(random, 5000)), known)
    assert only(verdicts, "estimated_f1").n == 2000
    assert only(verdicts, "estimate_error_f1").n == known.sum()
    assert only(verdicts, "estimated_f1").standard_error is not None


def test_without_a_calibration_estimates_are_thin() -> None:
    random = np.random.default_rng(6)
    score, prediction, label = drawn(random, 500)
    table = pa.table({"prediction": prediction, "score": score})
    against = build("m", table, assign_roles(table), created_ms=0, source="s")
    verdicts = judged((score, prediction, label), against)
    found = [v for v in verdicts if v.monitor.startswith("estimate")]
    assert len(found) == 10
    assert {(v.state, v.statistic) for v in found} == {(State.THIN, None)}


def test_the_accuracy_of_the_survey_is_estimated_to_a_hundredth() -> None:
    table = read(data.path("employment_reference.parquet"))
    roles = assign_roles(table, label="employed")
    against = build("employment", table.slice(0, 5000), roles, created_ms=0, source="s")
    for part in to_batches(
        table.slice(5000), roles, "employment", start_ms=0, interval_ms=1, chunk=5000
    ):
        verdicts = judge_performance(
            ModelSummary.of(part, against).traffic.total, against, ModelSettings()
        )
        error = only(verdicts, "estimate_error_accuracy")
        assert error.statistic == pytest.approx(0.0, abs=0.015)
        assert error.p_value is not None
        assert error.p_value > 0.05
    analysis = join_labels(
        read(data.path("employment_analysis.parquet")),
        read(data.path("employment_labels.parquet")),
        "id",
        "employed",
    )
    found = [
        only(
            judge_performance(
                ModelSummary.of(part, against).traffic.total, against, ModelSettings()
            ),
            "estimate_error_accuracy",
        ).statistic
        for part in to_batches(
            analysis,
            assign_roles(analysis, label="employed"),
            "employment",
            start_ms=0,
            interval_ms=1,
            chunk=6000,
        )
    ]
    assert found == pytest.approx([0.0] * 3, abs=0.02)
