"""Figures of a classifier from its confusion matrix: accuracy, precision, recall, F1 and others.

A binary model is judged by its positive class. With more classes precision, recall and F1 are
macro means: precision over the classes that were predicted, recall over the classes that were
labelled, F1 over the classes that were either; a class for which the figure is 0/0 has no part
in the mean (scikit-learn's ``zero_division=nan``). A figure that is 0/0 as a whole is ``None``
and its verdict ``THIN``. Classes outside the reference's count as errors of the classes they
meet, and have no figures of their own.

All are exact. ``lower`` and ``upper`` are 95 % intervals. Proportions: Wilson's, their
denominators taken as fixed. F1 of one class: with J = TP / (TP + FP + FN) it is 2J / (1 + J),
which rises with J, so Wilson's interval of J carries over (Hand, Christen and Kirielle, "F*",
Machine Learning 110, 2021). Means over classes and Matthews' correlation: see ``means``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_monitor.detectors.figure import Figure, share
from stream_monitor.detectors.means import (
    F1,
    PRECISION,
    RECALL,
    balanced_accuracy,
    matthews,
    mean_over_classes,
)
from stream_monitor.summaries.confusion import ConfusionSummary

#: What stands in the matrix for every class that the reference does not have.
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """True positives, false positives and false negatives of one class."""

    name: str
    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> Figure:
        """TP / (TP + FP): the right ones of those predicted to be of the class."""
        return share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Figure:
        """TP / (TP + FN): the found ones of those labelled with the class."""
        return share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> Figure:
        """2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall where both exist."""
        jaccard = share(self.tp, self.tp + self.fp + self.fn)
        return Figure(
            _f1_of(jaccard.value), jaccard.n, _f1_of(jaccard.lower), _f1_of(jaccard.upper)
        )


def class_counts(confusion: ConfusionSummary, classes: tuple[str, ...]) -> tuple[ClassCounts, ...]:
    """The counts of every class of the reference, in its order."""
    labelled = confusion.counts.sum(axis=1).tolist()
    predicted = confusion.counts.sum(axis=0).tolist()
    right = confusion.counts.diagonal().tolist()
    return tuple(
        ClassCounts(name, right[i], predicted[i] - right[i], labelled[i] - right[i])
        for i, name in enumerate(classes)
    )


def confusion_matrix(
    confusion: ConfusionSummary, classes: tuple[str, ...]
) -> dict[str, dict[str, int]]:
    """The matrix for readers: label to prediction to count, :data:`OTHER` last in both."""
    names = (*classes, OTHER)
    return {
        label: dict(zip(names, row, strict=True))
        for label, row in zip(names, confusion.counts.tolist(), strict=True)
    }


def accuracy(confusion: ConfusionSummary) -> Figure:
    """The share of labelled events whose prediction is the label, other classes included."""
    return share(confusion.correct, confusion.labelled)


def performance(
    confusion: ConfusionSummary, classes: tuple[str, ...], positive: str | None
) -> Mapping[str, Figure]:
    """``precision``, ``recall`` and ``f1``: of the class ``positive``, or macro means if ``None``.

    A positive class that is none of ``classes`` never occurs: its figures are undefined.
    """
    if positive is not None:
        of_class = _of_class(class_counts(confusion, classes), positive)
        return {"precision": of_class.precision, "recall": of_class.recall, "f1": of_class.f1}
    return {
        "precision": mean_over_classes(confusion.counts, PRECISION),
        "recall": mean_over_classes(confusion.counts, RECALL),
        "f1": mean_over_classes(confusion.counts, F1),
    }


def binary(
    confusion: ConfusionSummary, classes: tuple[str, ...], positive: str | None
) -> Mapping[str, Figure]:
    """``specificity``, ``balanced_accuracy`` and ``mcc`` of the positive class against the rest.

    Specificity is TN / (TN + FP); balanced accuracy the mean of it and recall, undefined where
    one of them is. ``mcc`` is Matthews' correlation (Biochim. Biophys. Acta 405, 1975),
    undefined, not 0, where labels or predictions are all of one class.
    """
    n = confusion.labelled
    of_class = _of_class(class_counts(confusion, classes), positive)
    if of_class.name not in classes:
        undefined = Figure(None, 0)
        return {"specificity": undefined, "balanced_accuracy": undefined, "mcc": undefined}
    tp, fp, fn = of_class.tp, of_class.fp, of_class.fn
    tn = n - tp - fp - fn
    return {
        "specificity": share(tn, tn + fp),
        "balanced_accuracy": balanced_accuracy(tp, fp, fn, tn),
        "mcc": matthews(tp, fp, fn, tn),
    }


def weighted(confusion: ConfusionSummary) -> Mapping[str, Figure]:
    """``precision_weighted``, ``recall_weighted``, ``f1_weighted``: means by labels of the class.

    A class for which the figure is 0/0 has no part in the mean, nor has its weight.
    """
    counts = confusion.counts
    return {
        "precision_weighted": mean_over_classes(counts, PRECISION, weighted=True),
        "recall_weighted": mean_over_classes(counts, RECALL, weighted=True),
        "f1_weighted": mean_over_classes(counts, F1, weighted=True),
    }


def _of_class(counts: tuple[ClassCounts, ...], positive: str | None) -> ClassCounts:
    none = ClassCounts("" if positive is None else positive, 0, 0, 0)
    return next((c for c in counts if c.name == positive), none)


def _f1_of(jaccard: float | None) -> float | None:
    return None if jaccard is None else 2 * jaccard / (1 + jaccard)
