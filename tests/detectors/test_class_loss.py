"""Multiclass log loss against scikit-learn, on random and degenerate rows."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.reference.model import Task
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.codec import IntArray
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import batch, only, reference

CLASSES = ("a", "b", "c")
AGAINST = reference(task=Task.MULTICLASS, classes=CLASSES)
score = st.sampled_from([0.0, 0.1, 0.5, 1.0, 1e-300]) | st.floats(0, 1)
rows = st.lists(st.tuples(st.integers(0, 2), st.tuples(score, score, score)), min_size=1)


def normal(scores: FloatArray) -> FloatArray:
    return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float64)


def by_scikit_learn(places: IntArray, scores: FloatArray) -> float:
    clipped = np.clip(normal(scores), 1e-15, 1 - 1e-15)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # clipping leaves sums a little off 1
        return float(metrics.log_loss(places, clipped, labels=[0, 1, 2]))


def loss(summary: ClassLossSummary) -> float:
    return summary.log_loss.over(summary.n)


@settings(deadline=None, max_examples=150)
@given(rows)
def test_the_loss_is_that_of_scikit_learn_for_scores_that_sum_to_one(
    drawn: list[tuple[int, tuple[float, float, float]]],
) -> None:
    places = np.array([place for place, _ in drawn])
    scores = np.array([scores for _, scores in drawn])
    some = scores.sum(axis=1) > 0
    found = ClassLossSummary.of_places(places, scores)
    assert (found.n, found.facts.out_of_range) == (some.sum(), (~some).sum())
    if some.any():
        expected = by_scikit_learn(places[some], scores[some])
        assert loss(found) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("places", "scores"),
    [
        ([1], [[0.2, 0.5, 0.3]]),
        ([0] * 20, [[0.2, 0.5, 0.3]] * 20),
        ([0, 1, 2], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        ([0, 1, 2], [[0.0, 1.0, 0.0]] * 3),
        ([0, 1, 2], [[1 / 3, 1 / 3, 1 / 3]] * 3),
    ],
    ids=["one row", "one class", "all right", "mostly impossible", "ties"],
)
def test_degenerate_windows_have_the_loss_of_scikit_learn(
    places: list[int], scores: list[list[float]]
) -> None:
    found = ClassLossSummary.of_places(np.array(places), np.array(scores))
    expected = by_scikit_learn(np.array(places), np.array(scores))
    assert loss(found) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_a_rows_scores_are_taken_as_shares_of_their_sum() -> None:
    scores = np.array([[0.2, 0.4, 0.2]])
    found = ClassLossSummary.of_places(np.array([1]), scores)
    assert loss(found) == pytest.approx(-np.log(0.5))


def test_rows_that_have_no_loss_are_facts() -> None:
    scores = np.array(
        [[0.5, 0.5, np.nan], [0.5, 0.5, 1.5], [0.5, -0.1, 0.5], [0, 0, 0], [1, 0, 0], [1, 0, 0]]
    )
    facts = ClassLossSummary.of_places(np.array([0, 0, 0, 0, 3, 0]), scores).facts
    assert (facts.rows, facts.missing, facts.out_of_range, facts.unseen) == (6, 1, 3, 1)
    assert ClassLossSummary.of_places(np.array([0, 1]), None).facts.missing == 2


def judged(scores: list[object] | None, chosen: ModelSettings | None = None) -> Verdict:
    labels = [CLASSES[i % 3] for i in range(150)]
    events = replace(batch(150, prediction=["a"] * 150, truth=labels), scores=scores)
    summary = ModelSummary.of(events, AGAINST)
    return only(
        judge_performance(summary.traffic.total, AGAINST, chosen or ModelSettings()), "log_loss"
    )


def test_the_verdict_has_the_loss_its_interval_and_its_limit() -> None:
    scores: list[object] = [{"a": 0.5, "b": 0.3, "c": 0.2, "more": 9}] * 150
    told = judged(scores)
    mean = -float(np.log([0.5, 0.3, 0.2]).mean())
    assert (told.state, told.n) == (State.INFO, 150)
    assert told.statistic == pytest.approx(mean)
    assert told.lower is not None
    assert told.upper is not None
    assert told.lower < mean < told.upper
    limits = PerformanceSettings.model_validate({"max": {"log_loss": 1.0}})
    low = judged(scores, ModelSettings(performance=limits))
    assert (low.state, low.threshold, low.below) == (State.ALARM, 1.0, False)
    assert low.effect == pytest.approx(mean - 1)


def test_a_model_that_sends_no_scores_has_no_loss() -> None:
    told = judged(None)
    assert (told.state, told.statistic, told.n) == (State.THIN, None, 0)
