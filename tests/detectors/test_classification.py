"""Specificity, balanced accuracy, Matthews' correlation and weighted means, by scikit-learn."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from stream_monitor.detectors.classification import binary, weighted
from stream_monitor.summaries.confusion import ConfusionSummary

Pairs = list[tuple[str, str]]
two = st.tuples(st.sampled_from("01"), st.sampled_from("01"))
three = st.tuples(st.sampled_from("abc"), st.sampled_from("abc"))


def confusion(rows: Pairs, classes: tuple[str, ...]) -> ConfusionSummary:
    return ConfusionSummary.of([t for t, _ in rows], [p for _, p in rows], classes)


@settings(deadline=None, max_examples=150)
@given(st.lists(two, min_size=1, max_size=40))
def test_binary_figures_are_those_of_scikit_learn_where_defined(rows: Pairs) -> None:
    found = binary(confusion(rows, ("0", "1")), ("0", "1"), "1")
    labels, predictions = [t for t, _ in rows], [p for _, p in rows]
    if "0" in labels:
        expected = metrics.recall_score(labels, predictions, pos_label="0", zero_division=0)
        assert found["specificity"].value == pytest.approx(expected, abs=1e-12)
    else:
        assert found["specificity"].value is None
    if len(set(labels)) == 2:
        expected = metrics.balanced_accuracy_score(labels, predictions)
        assert found["balanced_accuracy"].value == pytest.approx(expected, abs=1e-12)
    else:
        assert found["balanced_accuracy"].value is None
    if len(set(labels)) == len(set(predictions)) == 2:
        expected = metrics.matthews_corrcoef(labels, predictions)
        assert found["mcc"].value == pytest.approx(expected, abs=1e-12)
    else:
        assert found["mcc"].value is None


@settings(deadline=None, max_examples=150)
@given(st.lists(three, min_size=1, max_size=40))
def test_weighted_means_are_those_of_scikit_learn(rows: Pairs) -> None:
    labels, predictions = [t for t, _ in rows], [p for _, p in rows]
    found = weighted(confusion(rows, ("a", "b", "c")))
    recall = metrics.recall_score(labels, predictions, average="weighted", zero_division=0)
    assert found["recall_weighted"].value == pytest.approx(recall, abs=1e-12)
    f1 = metrics.f1_score(labels, predictions, average="weighted", zero_division=0)
    assert found["f1_weighted"].value == pytest.approx(f1, abs=1e-12)
    if set(labels) <= set(predictions):
        precision = metrics.precision_score(
            labels, predictions, average="weighted", zero_division=0
        )
        assert found["precision_weighted"].value == pytest.approx(precision, abs=1e-12)


def test_a_positive_class_that_does_not_exist_has_no_figures() -> None:
    found = binary(confusion([("0", "1")], ("0", "1")), ("0", "1"), "no such")
    assert {figure.value for figure in found.values()} == {None}
