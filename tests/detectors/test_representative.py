"""Whom labels are of, and how late they come."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.representative import labelled_shift, warnings
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.reference.model import Role, Task
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.outcomes import answers, predictions_of
from stream_monitor.summaries.traffic import TrafficSummary
from tests.detectors.worlds import batch, numeric, only, reference

BINARY = reference(task=Task.BINARY, classes=("0", "1"), positive="1")
NUMBERS = reference(
    numeric("prediction", np.arange(1000.0), role=Role.PREDICTION), task=Task.REGRESSION
)


def traffic(scores: NDArray[np.float64], labelled: NDArray[np.bool_]) -> TrafficSummary:
    truth = ["1" if known else None for known in labelled]
    rows = batch(len(scores), prediction=["1"] * len(scores), score=scores, truth=truth)
    return ModelSummary.of(rows, BINARY).traffic.total


def judged(scores: NDArray[np.float64], labelled: NDArray[np.bool_]) -> tuple[Verdict, ...]:
    return judge_performance(traffic(scores, labelled), BINARY, ModelSettings())


def test_the_distance_is_that_of_the_binned_scores_and_its_effect_is_from_the_whole() -> None:
    random = np.random.default_rng(1)
    scores = random.random(2000)
    known = random.random(2000) < scores
    of = traffic(scores, known)
    shift = labelled_shift(of.population, of.performance.population)
    binned = np.ceil(scores * 1000)
    assert shift.statistic == pytest.approx(stats.ks_2samp(binned[known], binned[~known])[0])
    assert shift.distance == pytest.approx(
        np.abs([(binned[known] <= i).mean() - (binned <= i).mean() for i in range(1001)]).max()
    )


def test_labels_of_high_scores_alone_are_an_alarm_that_decides_nothing_and_a_sentence() -> None:
    scores = np.random.default_rng(2).random(2000)
    verdicts = judged(scores, scores > 0.7)
    shift = only(verdicts, "labelled_shift")
    assert (shift.state, shift.decides) == (State.ALARM, False)
    (sentence,) = warnings(verdicts)
    assert f"{shift.n:,} labelled of 2,000" in sentence


def test_labels_missing_at_random_seldom_alarm() -> None:
    random = np.random.default_rng(3)
    beyond = 0
    for _ in range(1000):
        scores = random.random(300)
        of = traffic(scores, random.random(300) < 0.5)
        shift = labelled_shift(of.population, of.performance.population)
        assert shift.p_value is not None
        beyond += shift.p_value <= 0.05
    assert beyond / 1000 < 0.06


@pytest.mark.parametrize(
    ("labelled", "state"), [(0, State.THIN), (99, State.THIN), (950, State.OK), (1000, State.OK)]
)
def test_few_labels_are_thin_and_nearly_all_are_fine(labelled: int, state: State) -> None:
    scores = np.linspace(0, 1, 1000)
    verdicts = judged(scores, np.arange(1000) >= 1000 - labelled)
    assert only(verdicts, "labelled_shift").state is state
    assert warnings(verdicts) == ()


def test_a_regression_is_held_against_the_quantiles_of_its_reference() -> None:
    values = np.arange(1000.0)
    truth = [y if y < 300 else None for y in values.tolist()]
    rows = batch(1000, prediction=values, truth=truth)
    of = ModelSummary.of(rows, NUMBERS).traffic.total
    shift = only(judge_performance(of, NUMBERS, ModelSettings()), "labelled_shift")
    assert (shift.state, shift.n, shift.reference_n) == (State.ALARM, 300, 700)


def test_labels_on_their_own_have_delays_in_seconds_and_join_their_population() -> None:
    rows = batch(400, prediction=["1"] * 400, score=np.linspace(0, 1, 400))
    told = predictions_of(rows, BINARY)
    whole = TrafficSummary.of(answers(None, 400, BINARY), told, BINARY)
    labels = answers(["1"] * 200, 200, BINARY)
    later = TrafficSummary.of(
        labels, told.take(np.arange(0, 400, 2)), BINARY, np.arange(1.0, 201.0)
    )
    verdicts = judge_performance(whole.merge(later), BINARY, ModelSettings())
    half = only(verdicts, "delay_p50")
    assert (half.state, half.n) == (State.INFO, 200)
    assert half.statistic == pytest.approx(100.0, rel=0.01)
    assert half.least is not None
    assert half.most is not None
    assert half.least <= 100.0 <= half.most
    assert half.lower is None
    shift = only(verdicts, "labelled_shift")
    assert (shift.state, shift.n, shift.reference_n) == (State.OK, 200, 200)
