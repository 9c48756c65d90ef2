"""A candidate beside the champion: what is decided, when, and how often falsely."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.detectors.classification import performance, weighted
from stream_monitor.detectors.comparison import (
    Side,
    compare,
)
from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.intervals import newcombe
from stream_monitor.statistics.sequential import difference_sequence, log_e_value
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import ScoredSummary
from tests.detectors.compared import CLASSES, Matrix, by_metric, confusion, of_matrices, regression

SHARES = ("accuracy", "precision", "recall", "specificity")
few = st.integers(0, 60)
matrices = st.tuples(few, few, few, few)


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
    assert f1.difference is not None
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


def known(side: Side) -> tuple[ConfusionSummary, ScoredSummary, ResidualSummary]:
    confusion, scored, residuals, _ = side
    assert confusion is not None
    assert scored is not None
    assert residuals is not None
    return confusion, scored, residuals


def added(one: Side, other: Side) -> Side:
    (c1, s1, r1), (c2, s2, r2) = known(one), known(other)
    return Side(c1.merge(c2), s1.merge(s2), r1.merge(r2))


def without(both: Side, other: Side) -> Side:
    (c1, s1, r1), (c2, s2, r2) = known(both), known(other)
    return Side(c1.subtract(c2), s1.subtract(s2), r1.subtract(r2))


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
    in_parts = added(first, second)
    assert compare(champion, at_once, CLASSES, "1") == compare(champion, in_parts, CLASSES, "1")
    later = without(added(at_once, second), second)
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
    means = {**performance(new, CLASSES, None), **weighted(new)}
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
