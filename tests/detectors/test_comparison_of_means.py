from __future__ import annotations

import math

import numpy as np
import pytest

from stream_monitor.detectors.comparison import (
    LEAST_ROWS,
    TIGHTEST_AT,
    Side,
)
from stream_monitor.statistics.means import mean_difference_sequence
from stream_monitor.statistics.roc import auc_moments
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.scored import ScoredSummary
from tests.detectors.compared import CLASSES, by_metric, of_matrices, regression, scores


def test_the_log_loss_of_many_classes_is_compared_as_a_mean() -> None:
    def side(chance: float, n: int) -> Side:
        rng = np.random.default_rng(n)
        right = np.clip(chance + rng.normal(0, 0.05, n), 0.05, 0.9)
        by_class = np.stack([right, (1 - right) / 2, (1 - right) / 2], axis=1)
        return Side(class_loss=ClassLossSummary.of_places(np.zeros(n, dtype=np.int64), by_class))

    loss = by_metric(side(0.5, 2000), side(0.7, 2001))["log_loss"]
    assert (loss.decided, loss.larger_is_better) == ("better", False)
    assert loss.difference == pytest.approx(np.log(0.5 / 0.7), abs=0.02)


def test_a_smaller_error_is_better_and_a_larger_one_worse() -> None:
    old, new = regression(2.0, 3000, 1), regression(1.0, 3000, 2)
    assert by_metric(old, new)["mae"].decided == "better"
    assert by_metric(new, old)["mae"].decided == "worse"
    assert by_metric(old, new)["mae"].larger_is_better is False


def test_rmse_has_an_interval_at_one_time_only_and_no_bias_is_the_better_one() -> None:
    found = by_metric(regression(1.0, 3000, 1), regression(1.0, 3000, 2, shift=5.0))
    rmse, bias = found["rmse"], found["bias"]
    assert rmse.difference is not None
    assert rmse.lower is not None
    assert rmse.upper is not None
    assert rmse.lower < rmse.difference < rmse.upper
    assert (rmse.sequential_lower, rmse.decided) == (None, "undecided")
    assert (found["r2"].lower, found["r2"].sequential_lower) == (None, None)
    assert found["residual_p50"].larger_is_better is None
    assert bias.sequential_lower is not None
    assert bias.sequential_lower > 4
    assert bias.p_value == pytest.approx(0, abs=1e-9)
    assert (bias.larger_is_better, bias.decided) == (None, "undecided")


def test_nothing_asymptotic_is_said_of_few_rows() -> None:
    enough, short = LEAST_ROWS, LEAST_ROWS - 1
    for n, m, known in ((enough, enough, True), (enough, short, False), (short, 10**4, False)):
        mae = by_metric(regression(1.0, n, 1), regression(9.0, m, 2))["mae"]
        assert mae.lower is not None
        assert (mae.sequential_lower is not None) == known
        assert (mae.decided == "worse") == known


def test_the_area_needs_enough_rows_of_each_label() -> None:
    many = Side(scored=scores(3000, 1, 2.0))
    rare = ScoredSummary.of(["1"] * 100 + ["0"] * 2900, [0.7, 0.4] * 1500, CLASSES, "1")
    area = by_metric(many, Side(scored=rare))["roc_auc"]
    assert area.lower is not None
    assert (area.sequential_lower, area.decided) == (None, "undecided")


def test_sharper_scores_are_better_by_every_metric() -> None:
    found = by_metric(Side(scored=scores(20000, 3, 1.0)), Side(scored=scores(20000, 4, 2.5)))
    sure = {m: found[m] for m in ("roc_auc", "log_loss", "brier")}
    assert {m: c.decided for m, c in sure.items()} == dict.fromkeys(sure, "better")
    area = found["average_precision"]
    assert area.lower is not None
    assert area.lower > 0
    for c in sure.values():
        assert c.difference is not None
        assert c.lower is not None
        assert c.upper is not None
        assert c.sequential_lower is not None
        assert c.sequential_upper is not None
        assert c.sequential_lower < c.lower < c.difference < c.upper < c.sequential_upper


def test_accuracies_of_90_and_85_percent_are_decided_by_3_000_rows_a_side() -> None:
    found = of_matrices((1350, 150, 150, 1350), (1275, 225, 225, 1275))["accuracy"]
    assert found.decided == "worse"
    early = of_matrices((180, 20, 20, 180), (170, 30, 30, 170))["accuracy"]
    assert early.decided == "undecided"


def test_looking_at_the_area_all_the_time_alarms_falsely_in_at_most_1_of_20_runs() -> None:
    """200 runs of equal models, looked at 20 times between 600 and 6,000 rows a side."""
    rng = np.random.default_rng(31)
    times = np.unique(np.geomspace(600, 6000, 20).astype(int))
    alarms = 0
    for _ in range(200):
        y = rng.random((2, 6000)) < 0.4
        s = 1 / (1 + np.exp(-(rng.normal(size=(2, 6000)) + y)))
        bins = np.minimum((s * 1000).astype(int), 999)
        for n in times.tolist():
            new, old = (
                auc_moments(
                    np.bincount(bins[i, :n][y[i, :n]], minlength=1000),
                    np.bincount(bins[i, :n][~y[i, :n]], minlength=1000),
                )
                for i in range(2)
            )
            assert new is not None
            assert old is not None
            found = mean_difference_sequence(new, old, TIGHTEST_AT)
            assert found is not None
            if found.log_e_value >= math.log(20):
                alarms += 1
                break
    assert alarms / 200 <= 0.05
