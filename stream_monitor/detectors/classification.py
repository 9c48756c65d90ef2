"""Figures of a classifier from its confusion matrix: accuracy, precision, recall, F1 and others.

A binary model is judged by its positive class. With more classes precision, recall and F1 are
macro means: precision over the classes that were predicted, recall over the classes that were
labelled, F1 over the classes that were either; a class for which the figure is 0/0 has no part
in the mean (scikit-learn's ``zero_division=nan``). A figure that is 0/0 as a whole is ``None``
and its verdict ``THIN``. Classes outside the reference's count as errors of the classes they
meet, and have no figures of their own.

``lower`` and ``upper`` are 95 % intervals. Proportions: Wilson's, their denominators taken as
fixed. F1 of one class: with J = TP / (TP + FP + FN) it is 2J / (1 + J), which rises with J, so
Wilson's interval of J carries over (Hand, Christen and Kirielle, "F*", Machine Learning 110,
2021). Macro means have none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from stream_monitor.detectors.figure import Figure, share
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
    counts = class_counts(confusion, classes)
    if positive is not None:
        of_class = _of_class(counts, positive)
        return {"precision": of_class.precision, "recall": of_class.recall, "f1": of_class.f1}
    return {
        "precision": _macro([c.precision for c in counts], confusion.labelled),
        "recall": _macro([c.recall for c in counts], confusion.labelled),
        "f1": _macro([c.f1 for c in counts], confusion.labelled),
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
    specificity, recall = share(tn, tn + fp).value, of_class.recall.value
    balanced = None if specificity is None or recall is None else (specificity + recall) / 2
    spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    mcc = (tp * tn - fp * fn) / math.sqrt(spread) if spread else None
    return {
        "specificity": share(tn, tn + fp),
        "balanced_accuracy": Figure(balanced, n),
        "mcc": Figure(mcc, n),
    }


def weighted(confusion: ConfusionSummary, classes: tuple[str, ...]) -> Mapping[str, Figure]:
    """``precision_weighted``, ``recall_weighted``, ``f1_weighted``: means by labels of the class.

    A class for which the figure is 0/0 has no part in the mean, nor has its weight.
    """
    counts = class_counts(confusion, classes)
    support = [c.tp + c.fn for c in counts]
    n = confusion.labelled
    return {
        "precision_weighted": _weighted([c.precision for c in counts], support, n),
        "recall_weighted": _weighted([c.recall for c in counts], support, n),
        "f1_weighted": _weighted([c.f1 for c in counts], support, n),
    }


def _of_class(counts: tuple[ClassCounts, ...], positive: str | None) -> ClassCounts:
    none = ClassCounts("" if positive is None else positive, 0, 0, 0)
    return next((c for c in counts if c.name == positive), none)


def _weighted(figures: list[Figure], weights: list[int], n: int) -> Figure:
    pairs = [(f.value, w) for f, w in zip(figures, weights, strict=True) if f.value is not None]
    total = sum(weight for _, weight in pairs)
    return Figure(math.fsum(v * w for v, w in pairs) / total if total else None, n)


def _f1_of(jaccard: float | None) -> float | None:
    return None if jaccard is None else 2 * jaccard / (1 + jaccard)


def _macro(figures: list[Figure], n: int) -> Figure:
    """The mean of those that are defined."""
    values = [figure.value for figure in figures if figure.value is not None]
    return Figure(math.fsum(values) / len(values) if values else None, n)
