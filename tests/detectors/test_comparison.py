"""A candidate beside the champion: what is decided, when, and how often falsely."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.detectors.classification import performance, weighted
from stream_monitor.detectors.comparison import (
    LEAST_ROWS,
    TIGHTEST_AT,
    Comparison,
    Side,
    compare,
)
from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.intervals import newcombe
from stream_monitor.statistics.means import mean_difference_sequence
from stream_monitor.statistics.roc import auc_moments
from stream_monitor.statistics.sequential import difference_sequence, log_e_value
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import ScoredSummary

CLASSES = ("0", "1")
SHARES = ("accuracy", "precision", "recall", "specificity")
Matrix = tuple[int, int, int, int]  # true negatives, false positives, false negatives, positives
few = st.integers(0, 60)
matrices = st.tuples(few, few, few, few)


def confusion(matrix: Matrix) -> ConfusionSummary:
    tn, fp, fn, tp = matrix
    labels = ["0"] * (tn + fp) + ["1"] * (fn + tp)
    predictions = ["0"] * tn + ["1"] * fp + ["0"] * fn + ["1"] * tp
    return ConfusionSummary.of(labels, predictions, CLASSES)


def of_matrices(champion: Matrix, candidate: Matrix) -> Mapping[str, Comparison]:
    sides = Side(confusion(champion)), Side(confusion(candidate))
    return {c.metric: c for c in compare(*sides, CLASSES, "1")}


def regression(scale: float, n: int, seed: int, shift: float = 0.0) -> Side:
    rng = np.random.default_rng(seed)
    truth = rng.normal(50, 10, n)
    prediction = truth + shift + rng.laplace(0, scale, n)
    return Side(residuals=ResidualSummary.of(truth.tolist(), prediction.tolist(), n))


def scores(n: int, seed: int, sharpness: float) -> ScoredSummary:
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    s = 1 / (1 + np.exp(-(rng.normal(0, 1, n) + sharpness * (y - 0.5))))
    return ScoredSummary.of([str(int(label)) for label in y], s.tolist(), CLASSES, "1")


def by_metric(champion: Side, candidate: Side) -> Mapping[str, Comparison]:
    return {c.metric: c for c in compare(champion, candidate)}


def test_every_share_has_the_exact_sequence_and_newcombes_interval_of_its_counts() -> None:
    found = of_matrices((700, 60, 40, 200), (350, 20, 30, 100))
    counts = {
        "accuracy": (450, 500, 900, 1000),
        "precision": (100, 120, 200, 260),
        "recall": (100, 130, 200, 240),
        "specificity": (350, 370, 700, 760),
    }
    assert set(found) == {*SHARES, "f1", "balanced_accuracy", "mcc"}
    for metric, case in counts.items():
        c = found[metric]
        assert c.difference == pytest.approx(case[0] / case[1] - case[2] / case[3])
        assert (c.lower, c.upper) == newcombe(*case)
        assert (c.sequential_lower, c.sequential_upper) == difference_sequence(*case)
        assert c.log_e_value == log_e_value(*case)
        assert c.p_value == pytest.approx(min(1.0, math.exp(-c.log_e_value)))
        assert c.larger_is_better is True


def test_f1_has_a_difference_and_an_interval_and_is_never_decided() -> None:
    f1 = of_matrices((700, 60, 40, 200), (100, 300, 300, 10))["f1"]
    assert f1.difference == pytest.approx(20 / 620 - 400 / 500)
    assert f1.lower is not None
    assert f1.upper is not None
    assert -1 <= f1.lower < f1.difference < f1.upper < 0
    assert (f1.sequential_lower, f1.log_e_value, f1.p_value) == (None, None, None)
    assert f1.decided == "undecided"


def test_the_interval_of_f1_holds_the_true_difference_in_about_19_of_20_samples() -> None:
    rng = np.random.default_rng(9)
    laws = [(0.6, 0.1, 0.1, 0.2), (0.65, 0.1, 0.05, 0.2)]
    truth = 2 * 0.2 / 0.55 - 2 * 0.2 / 0.6
    held = 0
    for _ in range(400):
        old, new = (tuple(rng.multinomial(300, law).tolist()) for law in laws)
        f1 = of_matrices(old, new)["f1"]
        assert f1.lower is not None
        assert f1.upper is not None
        held += f1.lower <= truth <= f1.upper
    assert 0.92 <= held / 400 <= 0.98


@settings(deadline=None, max_examples=60)
@given(matrices, matrices)
def test_swapped_sides_negate_every_difference_and_every_decision(old: Matrix, new: Matrix) -> None:
    there, back = of_matrices(old, new), of_matrices(new, old)
    opposite = {"better": "worse", "worse": "better", "undecided": "undecided"}
    for metric, c in there.items():
        d = back[metric]
        assert (c.champion, c.candidate) == (d.candidate, d.champion)
        assert d.decided == opposite[c.decided]
        for value, other in (
            (c.difference, d.difference),
            (c.lower, d.upper),
            (c.sequential_lower, d.sequential_upper),
        ):
            assert (value is None) == (other is None)
            if value is not None and other is not None:
                assert value == pytest.approx(-other, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(matrices, matrices)
def test_a_share_is_decided_if_and_only_if_its_e_value_reaches_20(old: Matrix, new: Matrix) -> None:
    for c in of_matrices(old, new).values():
        if c.log_e_value is None:
            assert c.decided == "undecided"
            continue
        assert c.difference is not None
        side = "better" if c.difference > 0 else "worse"
        assert c.decided == (side if c.log_e_value >= math.log(20) else "undecided")


def test_labels_in_any_order_and_any_number_of_parts_say_the_same() -> None:
    rng = np.random.default_rng(2)
    labels = [str(x) for x in rng.integers(0, 2, 600)]
    predictions = [str(x) for x in rng.integers(0, 2, 600)]
    values = rng.random(600).tolist()
    truths, guesses = rng.normal(size=600).tolist(), rng.normal(size=600).tolist()

    def side(rows: list[int]) -> Side:
        label = [labels[i] for i in rows]
        return Side(
            ConfusionSummary.of(label, [predictions[i] for i in rows], CLASSES),
            ScoredSummary.of(label, [values[i] for i in rows], CLASSES, "1"),
            ResidualSummary.of([truths[i] for i in rows], [guesses[i] for i in rows], len(rows)),
        )

    champion = side(list(range(300)))
    at_once = side(list(range(300, 600)))
    order = rng.permutation(np.arange(300, 600)).tolist()
    first, second = side(order[:40]), side(order[40:])
    in_parts = Side(*(a.merge(b) for a, b in zip(first[:3], second[:3], strict=True)))
    assert compare(champion, at_once, CLASSES, "1") == compare(champion, in_parts, CLASSES, "1")
    later = Side(*(a.merge(b).subtract(b) for a, b in zip(at_once[:3], second[:3], strict=True)))
    assert compare(champion, later, CLASSES, "1") == compare(champion, at_once, CLASSES, "1")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((0, 0, 0, 0), (0, 0, 0, 0)),
        ((0, 0, 0, 0), (9, 1, 1, 9)),
        ((50, 0, 0, 50), (50, 0, 0, 50)),
        ((0, 50, 50, 0), (0, 50, 50, 0)),
        ((50, 0, 0, 0), (0, 0, 0, 1)),
        ((1, 0, 0, 0), (0, 1, 0, 0)),
    ],
)
def test_nothing_all_right_and_all_wrong_are_undecided(old: Matrix, new: Matrix) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for c in of_matrices(old, new).values():
            assert c.decided == "undecided"
            if c.champion.value is None or c.candidate.value is None:
                assert (c.difference, c.lower, c.sequential_upper, c.p_value) == (None,) * 4


@pytest.mark.parametrize(
    "rows", [[], [("1", 0.5)], [("1", 1.0)] * 300, [("0", 1.0), ("1", 0.0)] * 300]
)
def test_odd_scores_are_undecided(rows: list[tuple[str, float]]) -> None:
    scored = ScoredSummary.of([y for y, _ in rows], [s for _, s in rows], CLASSES, "1")
    found = by_metric(Side(scored=scored), Side(scored=scored))
    assert set(found) == {"roc_auc", "log_loss", "brier", "average_precision", "ece"}
    assert {c.decided for c in found.values()} == {"undecided"}


@pytest.mark.parametrize("errors", [[], [1.0], [0.0] * 300, [2.5] * 300, [1e200, -1e308]])
def test_odd_errors_are_undecided(errors: list[float]) -> None:
    residuals = ResidualSummary.of([0.0] * len(errors), list(errors), len(errors))
    for c in compare(Side(residuals=residuals), regression(1.0, 400, 1)):
        assert c.decided == "undecided"
        assert c.sequential_lower is None


def test_a_class_that_does_not_exist_has_no_comparison_but_accuracy() -> None:
    side = Side(confusion((5, 5, 5, 5)))
    found = {c.metric: c for c in compare(side, side, CLASSES, "2")}
    assert {m for m, c in found.items() if c.difference is not None} == {"accuracy"}


def test_macro_means_have_an_interval_at_one_time_only() -> None:
    old, new = confusion((70, 6, 4, 20)), confusion((35, 2, 3, 10))
    found = {c.metric: c for c in compare(Side(old), Side(new), CLASSES)}
    means = performance(new, CLASSES, None) | weighted(new)
    assert set(found) == {"accuracy", *means}
    assert len(means) == 6
    for metric in means:
        c = found[metric]
        assert c.candidate == means[metric]
        assert c.difference is not None
        assert c.lower is not None
        assert c.upper is not None
        assert c.lower < c.difference < c.upper
        assert (c.sequential_lower, c.log_e_value) == (None, None)


def test_models_of_other_classes_are_not_compared() -> None:
    with pytest.raises(UnlikeSummaryError, match="compare models of the same classes"):
        compare(Side(ConfusionSummary.empty(("a", "b"))), Side(confusion((1, 1, 1, 1))), CLASSES)


def test_without_a_summary_of_both_sides_there_is_nothing_to_say() -> None:
    assert compare(Side(), Side(confusion((1, 1, 1, 1))), CLASSES, "1") == ()


def test_an_impossible_level_is_refused() -> None:
    side = Side(confusion((1, 1, 1, 1)))
    with pytest.raises(ValueError, match="strictly between"):
        compare(side, side, CLASSES, "1", alpha=1.0)


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
