"""Means over classes by scikit-learn, their variances by numerical derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from stream_monitor.detectors.figure import Figure
from stream_monitor.detectors.means import (
    F1,
    PRECISION,
    RECALL,
    Ratio,
    balanced_accuracy,
    matthews,
    mean_over_classes,
)
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.intervals import wilson, wilson_of_share
from stream_monitor.summaries.codec import IntArray

CLASSES = ("a", "b", "c")
Pairs = list[tuple[str, str]]
three = st.lists(st.tuples(*[st.sampled_from(CLASSES)] * 2), min_size=1, max_size=40)
RATIOS = {"precision": PRECISION, "recall": RECALL, "f1": F1}
COUNTS = np.array([[30, 5, 2, 1], [4, 22, 6, 0], [3, 1, 26, 2], [1, 0, 2, 0]])


def counts_of(rows: Pairs) -> IntArray:
    counts = np.zeros((4, 4), dtype=np.int64)
    for label, prediction in rows:
        counts[CLASSES.index(label), CLASSES.index(prediction)] += 1
    return counts


@settings(deadline=None, max_examples=150)
@given(three)
def test_means_are_those_of_scikit_learn_over_the_classes_that_have_one(rows: Pairs) -> None:
    labels, predictions = zip(*rows, strict=True)
    of_classes = metrics.precision_recall_fscore_support(
        labels, predictions, labels=CLASSES, zero_division=np.nan
    )
    support = of_classes[3]
    for (_, ratio), expected in zip(RATIOS.items(), of_classes, strict=False):
        told = ~np.isnan(expected)
        plain = mean_over_classes(counts_of(rows), ratio)
        assert plain.value == pytest.approx(float(expected[told].mean()), abs=1e-12)
        weighted = mean_over_classes(counts_of(rows), ratio, weighted=True)
        if support[told].sum():
            mean = np.average(expected[told], weights=support[told])
            assert weighted.value == pytest.approx(float(mean), abs=1e-12)
        else:
            assert weighted == Figure(None, len(rows))
        for figure in (plain, weighted):
            if figure.value is not None:
                assert figure.lower is not None
                assert figure.upper is not None
                assert 0 <= figure.lower <= figure.value + 1e-12
                assert figure.value - 1e-12 <= figure.upper <= 1


def variance_by_differences(of_shares: Callable[[FloatArray], float], counts: IntArray) -> float:
    """The delta method with derivatives by central differences."""
    n, shares = counts.sum(), counts / counts.sum()
    slopes = np.zeros(counts.shape)
    for cell in np.ndindex(*counts.shape):
        step = np.zeros(counts.shape)
        step[cell] = 1e-6
        slopes[cell] = (of_shares(shares + step) - of_shares(shares - step)) / 2e-6
    return float(((shares * slopes**2).sum() - (shares * slopes).sum() ** 2) / n)


def mean_of(ratio: Ratio, weighted: bool) -> Callable[[FloatArray], float]:
    def figure(shares: FloatArray) -> float:
        labelled, predicted = shares.sum(axis=1)[:3], shares.sum(axis=0)[:3]
        whole = ratio.labelled * labelled + ratio.predicted * predicted
        weights = labelled if weighted else np.ones(3)
        return float(np.average(shares.diagonal()[:3] / whole, weights=weights))

    return figure


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ratio", RATIOS.values(), ids=RATIOS)
def test_the_interval_of_a_mean_has_the_variance_of_the_delta_method(
    ratio: Ratio, weighted: bool
) -> None:
    figure = mean_over_classes(COUNTS, ratio, weighted=weighted)
    assert figure.value is not None
    variance = variance_by_differences(mean_of(ratio, weighted), COUNTS)
    whole = ratio.labelled * COUNTS.sum(axis=1)[:3] + ratio.predicted * COUNTS.sum(axis=0)[:3]
    weights = COUNTS.sum(axis=1)[:3] if weighted else np.ones(3)
    most = float(weights.sum() ** 2 / (weights**2 / whole).sum())
    rows = min(figure.value * (1 - figure.value) / variance, most)
    assert rows > 0.95 * most  # so like are the classes: the variance is told by either
    assert (figure.lower, figure.upper) == pytest.approx(
        tuple(wilson_of_share(figure.value, rows)), abs=1e-6
    )


def test_the_interval_of_matthews_correlation_has_the_variance_of_the_delta_method() -> None:
    counts = np.array([[70, 30], [30, 70]])

    def correlation(shares: FloatArray) -> float:
        (tn, fp), (fn, tp) = shares
        spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return float((tp * tn - fp * fn) / np.sqrt(spread))

    figure = matthews(70, 30, 30, 70)
    assert figure.value is not None
    variance = variance_by_differences(correlation, counts)
    share = (1 + figure.value) / 2
    lower, upper = wilson_of_share(share, 4 * share * (1 - share) / variance)
    assert (figure.lower, figure.upper) == pytest.approx((2 * lower - 1, 2 * upper - 1), abs=1e-6)


def test_weighted_recall_is_a_share_and_has_its_interval() -> None:
    figure = mean_over_classes(COUNTS, RECALL, weighted=True)
    assert (figure.lower, figure.upper) == pytest.approx(tuple(wilson(78, 102)), abs=1e-12)


def test_figures_without_a_mistake_have_an_interval_as_wide_as_the_rarer_class_asks() -> None:
    few, many = balanced_accuracy(5, 0, 0, 995), balanced_accuracy(500, 0, 0, 500)
    assert few.value == many.value == 1.0
    assert few.upper == many.upper == 1.0
    assert few.lower == pytest.approx(wilson(20, 20).lower, abs=0.01)
    assert many.lower == pytest.approx(wilson(1000, 1000).lower)
    perfect = matthews(5, 0, 0, 995)
    assert perfect.value == 1.0
    assert perfect.lower == pytest.approx(2 * (few.lower or math.nan) - 1)


@pytest.mark.parametrize(
    "cells", [(0, 0, 0, 9), (9, 0, 0, 0), (0, 9, 0, 0), (3, 0, 6, 0), (0, 0, 0, 0)]
)
def test_one_label_alone_has_neither_balanced_accuracy_nor_correlation(
    cells: tuple[int, int, int, int],
) -> None:
    undefined = Figure(None, sum(cells))
    assert balanced_accuracy(*cells) == matthews(*cells) == undefined


def test_one_prediction_for_all_has_no_correlation_and_is_right_for_half_of_the_labels() -> None:
    assert matthews(3, 6, 0, 0) == Figure(None, 9)
    assert balanced_accuracy(3, 6, 0, 0).value == 0.5


def test_no_rows_and_no_classes_have_no_mean() -> None:
    for counts in (np.zeros((4, 4), dtype=np.int64), np.array([[7]])):
        for weighted in (False, True):
            assert mean_over_classes(counts, F1, weighted=weighted).value is None
