"""Checked against a brute-force count over the rows, for every class and every figure."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.classification import (
    OTHER,
    accuracy,
    class_counts,
    confusion_matrix,
    performance,
)
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.reference.model import Reference, Task
from stream_monitor.statistics.intervals import wilson
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import batch, only, reference

CLASSES = ("a", "b", "c")
Pairs = list[tuple[str, str]]
#: "x" and "y" are classes that the reference does not have.
pairs = st.lists(st.tuples(st.sampled_from("abcxy"), st.sampled_from("abcxy")), max_size=40)
binary = st.lists(st.tuples(st.sampled_from("01"), st.sampled_from("01")), max_size=40)


def confusion(rows: Pairs, classes: tuple[str, ...] = CLASSES) -> ConfusionSummary:
    """Of (label, prediction) pairs."""
    return ConfusionSummary.of([t for t, _ in rows], [p for _, p in rows], classes)


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def brute(rows: Pairs, name: str) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """Precision, recall and F1 of a class, from the rows themselves."""
    precision = ratio(rows.count((name, name)), sum(p == name for _, p in rows))
    recall = ratio(rows.count((name, name)), sum(t == name for t, _ in rows))
    if precision is None and recall is None:
        return None, None, None
    if not precision or not recall:
        return precision, recall, Fraction(0)
    return precision, recall, 2 * precision * recall / (precision + recall)


def same(found: float | None, expected: Fraction | None) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    return math.isclose(found, float(expected), abs_tol=1e-12)


@settings(deadline=None, max_examples=200)
@given(pairs)
def test_every_class_has_the_figures_of_a_count_over_the_rows(rows: Pairs) -> None:
    for counts in class_counts(confusion(rows), CLASSES):
        found = (counts.precision, counts.recall, counts.f1)
        for figure, expected in zip(found, brute(rows, counts.name), strict=True):
            assert same(figure.value, expected)


@settings(deadline=None, max_examples=200)
@given(pairs)
def test_macro_figures_are_means_over_the_classes_where_they_exist(rows: Pairs) -> None:
    found = performance(confusion(rows), CLASSES, None)
    by_class = [brute(rows, name) for name in CLASSES]
    for i, monitor in enumerate(("precision", "recall", "f1")):
        defined = [figure for figures in by_class if (figure := figures[i]) is not None]
        expected = sum(defined, Fraction(0)) / len(defined) if defined else None
        assert same(found[monitor].value, expected)
        assert (found[monitor].lower is None) == (expected is None)


@settings(deadline=None, max_examples=200)
@given(pairs)
def test_accuracy_counts_every_equal_pair_whatever_its_class(rows: Pairs) -> None:
    found = accuracy(confusion(rows))
    assert same(found.value, ratio(sum(t == p for t, p in rows), len(rows)))
    assert found.n == len(rows)
    assert same(accuracy(confusion(rows, ())).value, ratio(sum(t == p for t, p in rows), len(rows)))


@settings(deadline=None, max_examples=200)
@given(binary)
def test_a_binary_model_is_judged_by_its_positive_class(rows: Pairs) -> None:
    for positive in "01":
        found = performance(confusion(rows, ("0", "1")), ("0", "1"), positive)
        for figure, expected in zip(found.values(), brute(rows, positive), strict=True):
            assert same(figure.value, expected)


@settings(deadline=None, max_examples=200)
@given(pairs)
def test_every_interval_holds_its_figure_inside_zero_and_one(rows: Pairs) -> None:
    summary = confusion(rows)
    figures = [accuracy(summary)]
    for counts in class_counts(summary, CLASSES):
        figures += [counts.precision, counts.recall, counts.f1]
    for figure in figures:
        if figure.value is None:
            assert (figure.lower, figure.upper) == (None, None)
        else:
            assert figure.lower is not None
            assert figure.upper is not None
            assert 0 <= figure.lower <= figure.value + 1e-12
            assert figure.value - 1e-12 <= figure.upper <= 1


def test_the_interval_of_f1_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    cells = np.array([0.3, 0.1, 0.15, 0.45])  # TP, FP, FN, TN
    truth, held, tries = 2 * 0.3 / (2 * 0.3 + 0.25), 0, 2000
    for tp, fp, fn, tn in rng.multinomial(300, cells, tries).tolist():
        rows = [("1", "1")] * tp + [("0", "1")] * fp + [("1", "0")] * fn + [("0", "0")] * tn
        figure = class_counts(confusion(rows, ("0", "1")), ("0", "1"))[1].f1
        assert figure.lower is not None
        assert figure.upper is not None
        held += figure.lower <= truth <= figure.upper
    assert held / tries == pytest.approx(0.95, abs=0.02)


def test_the_matrix_is_there_for_readers_with_all_other_classes_last() -> None:
    rows = [("a", "a"), ("a", "b"), ("b", "x"), ("y", "a"), ("x", "x")]
    assert confusion_matrix(confusion(rows), CLASSES) == {
        "a": {"a": 1, "b": 1, "c": 0, OTHER: 0},
        "b": {"a": 0, "b": 0, "c": 0, OTHER: 1},
        "c": {"a": 0, "b": 0, "c": 0, OTHER: 0},
        OTHER: {"a": 1, "b": 0, "c": 0, OTHER: 1},
    }


def test_a_positive_class_that_does_not_exist_has_undefined_figures() -> None:
    found = performance(confusion([("a", "a")]), CLASSES, "no such")
    assert {figure.value for figure in found.values()} == {None}


BINARY = reference(task=Task.BINARY, classes=("0", "1"), positive="1")
MULTI = reference(task=Task.MULTICLASS, classes=CLASSES)


def judged(
    rows: Pairs,
    against: Reference | None = BINARY,
    unlabelled: int = 0,
    **limits: object,
) -> tuple[Verdict, ...]:
    chosen = PerformanceSettings.model_validate(limits)
    labels = [t for t, _ in rows] + [None] * unlabelled
    predictions = [p for _, p in rows] + ["0"] * unlabelled
    events = batch(len(labels), prediction=predictions, truth=labels)
    return judge_performance(
        ModelSummary.of(events, against).traffic.total,
        against,
        ModelSettings(performance=chosen),
    )


ESTIMATED = ("accuracy", "precision", "recall", "f1", "roc_auc")
SCORED = ("roc_auc", "average_precision", "log_loss", "brier", "ece")
ROWS: Pairs = [("1", "1")] * 60 + [("1", "0")] * 20 + [("0", "1")] * 40 + [("0", "0")] * 80


def test_the_verdicts_of_a_binary_model_have_their_figures_sizes_and_intervals() -> None:
    verdicts = judged(ROWS, unlabelled=50)
    told = [(v.monitor, v.column, v.statistic, v.n) for v in verdicts]
    assert told == [
        ("coverage", "", 0.8, 250),
        *[(name, "", None, 0) for name in ("delay_p50", "delay_p90", "delay_p99")],
        ("labelled_shift", "", None, 0),
        ("accuracy", "", 0.7, 200),
        ("precision", "", 0.6, 100),
        ("recall", "", 0.75, 80),
        ("f1", "", pytest.approx(2 / 3), 120),
        ("specificity", "", pytest.approx(2 / 3), 120),
        ("balanced_accuracy", "", pytest.approx((0.75 + 2 / 3) / 2), 200),
        ("mcc", "", pytest.approx(4000 / math.sqrt(100 * 80 * 120 * 100)), 200),
        *[(name, "", None, 0) for name in SCORED],
        ("precision", "class:0", 0.8, 100),
        ("recall", "class:0", pytest.approx(2 / 3), 120),
        ("precision", "class:1", 0.6, 100),
        ("recall", "class:1", 0.75, 80),
        *[(f"estimated_{name}", "", None, 0) for name in ESTIMATED],
        *[(f"estimate_error_{name}", "", None, 0) for name in ESTIMATED],
    ]
    assert {(v.state, v.decides) for v in verdicts if v.n} == {(State.INFO, False)}
    assert {(v.state, v.decides) for v in verdicts if not v.n} == {(State.THIN, False)}
    recall = only(verdicts, "recall")
    assert (recall.lower, recall.upper) == tuple(wilson(60, 80))


def test_a_figure_below_its_minimum_is_an_alarm_and_the_effect_is_how_far() -> None:
    verdicts = judged(ROWS, min={"accuracy": 0.75, "f1": 0.6})
    low = only(verdicts, "accuracy")
    assert (low.state, low.threshold, low.below, low.decides) == (State.ALARM, 0.75, True, True)
    assert low.effect == pytest.approx(0.05)
    good = only(verdicts, "f1")
    assert (good.state, good.effect, good.decides) == (State.OK, 0.0, True)
    assert [v.monitor for v in verdicts if v.decides] == ["accuracy", "f1"]


def test_a_figure_at_its_minimum_is_no_alarm() -> None:
    assert only(judged(ROWS, min={"accuracy": 0.7}), "accuracy").state is State.OK


def test_the_settings_may_name_another_positive_class() -> None:
    assert only(judged(ROWS, positive_label="0"), "precision").statistic == 0.8


def test_undefined_figures_are_thin_and_none() -> None:
    rows = [("0", "0")] * 200
    verdicts = judged(rows, min={"f1": 0.9})
    for monitor in ("precision", "recall", "f1"):
        verdict = only(verdicts, monitor)
        assert (verdict.statistic, verdict.state, verdict.effect) == (None, State.THIN, None)
    assert only(verdicts, "accuracy").statistic == 1.0


def test_a_class_that_is_never_predicted_has_no_precision_and_an_f1_of_zero() -> None:
    verdicts = judged([("1", "0")] * 200)
    assert only(verdicts, "precision").statistic is None
    assert only(verdicts, "recall").statistic == 0.0
    assert only(verdicts, "f1").statistic == 0.0


def test_few_labels_are_thin_and_still_have_figures() -> None:
    verdicts = judged([("1", "1")] * 99, unlabelled=500, min={"accuracy": 0.5})
    assert {v.state for v in verdicts if v.monitor != "coverage"} == {State.THIN}
    assert only(verdicts, "accuracy").statistic == 1.0


def test_no_labels_are_thin_without_figures() -> None:
    verdicts = judged([], unlabelled=500, min={"accuracy": 0.5})
    assert {v.state for v in verdicts if v.monitor != "coverage"} == {State.THIN}
    assert [v.statistic for v in verdicts] == [0.0, *[None] * 30]


def test_a_model_of_many_classes_is_judged_by_macro_means() -> None:
    rows = [("a", "a")] * 100 + [("b", "a")] * 50 + [("b", "b")] * 50
    verdicts = judged(rows, MULTI)
    assert only(verdicts, "precision").statistic == pytest.approx((100 / 150 + 1) / 2)
    assert only(verdicts, "recall").statistic == pytest.approx((1 + 0.5) / 2)
    assert only(verdicts, "f1").statistic == pytest.approx((200 / 250 + 100 / 150) / 2)
    assert only(verdicts, "precision", "class:c").statistic is None
    one = judged(rows, MULTI, positive_label="b")
    assert only(one, "recall").statistic == 0.5


def test_without_classes_there_is_accuracy_and_of_texts_in_a_regression_only_coverage() -> None:
    assert [v.monitor for v in judged(ROWS, None)] == [
        *["coverage", "delay_p50", "delay_p90", "delay_p99", "labelled_shift", "accuracy"]
    ]
    assert only(judged(ROWS, None), "accuracy").statistic == 0.7
    of_regression = judged(ROWS, reference(task=Task.REGRESSION))
    assert [v.monitor for v in of_regression if v.state is not State.THIN] == ["coverage"]
