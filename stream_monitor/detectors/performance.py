"""How well the model predicts, from the labels that came: accuracy, precision, recall, F1.

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
from typing import NamedTuple

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.reference.model import NO_REFERENCE, Reference, Task
from stream_monitor.statistics.intervals import wilson
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.model import ModelSummary

#: What stands in the matrix for every class that the reference does not have.
OTHER = "(other)"


class Figure(NamedTuple):
    """A metric with the number of events it is of; ``None`` is undefined, 0/0."""

    value: float | None
    n: int
    lower: float | None = None
    upper: float | None = None


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
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Figure:
        """TP / (TP + FN): the found ones of those labelled with the class."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> Figure:
        """2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall where both exist."""
        jaccard = _share(self.tp, self.tp + self.fp + self.fn)
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
    return _share(confusion.correct, confusion.labelled)


def performance(
    confusion: ConfusionSummary, classes: tuple[str, ...], positive: str | None
) -> Mapping[str, Figure]:
    """``precision``, ``recall`` and ``f1``: of the class ``positive``, or macro means if ``None``.

    A positive class that is none of ``classes`` never occurs: its figures are undefined.
    """
    counts = class_counts(confusion, classes)
    if positive is not None:
        of_class = next((c for c in counts if c.name == positive), ClassCounts(positive, 0, 0, 0))
        return {"precision": of_class.precision, "recall": of_class.recall, "f1": of_class.f1}
    return {
        "precision": _macro([c.precision for c in counts], confusion.labelled),
        "recall": _macro([c.recall for c in counts], confusion.labelled),
        "f1": _macro([c.f1 for c in counts], confusion.labelled),
    }


def judge_performance(
    summary: ModelSummary, reference: Reference | None, settings: ModelSettings
) -> tuple[Verdict, ...]:
    """``coverage`` (the labelled share), ``accuracy``, ``precision``, ``recall`` and ``f1``.

    ``precision`` and ``recall`` of each class follow, with the column ``class:NAME``.
    ``accuracy`` and ``f1`` decide if the settings have a minimum for them (alarm below it, and
    the effect is how far); all else is ``INFO``. ``THIN`` below ``min_samples`` labels.
    A regression has ``coverage`` only, a model without classes also ``accuracy``.
    """
    confusion, limits = summary.confusion, settings.performance
    thin = confusion.labelled < settings.min_samples
    reference_hash = NO_REFERENCE if reference is None else reference.hash

    def verdict(
        monitor: str, figure: Figure, minimum: float | None = None, column: str = ""
    ) -> Verdict:
        state = State.INFO
        if thin or figure.value is None:
            state = State.THIN
        elif minimum is not None:
            state = State.ALARM if figure.value < minimum else State.OK
        short = None
        if minimum is not None and figure.value is not None:
            short = max(0.0, minimum - figure.value)
        return Verdict(
            family=Family.PERFORMANCE,
            monitor=monitor,
            column=column,
            state=state,
            statistic=figure.value,
            threshold=minimum,
            p_value=None,
            n=figure.n,
            reference_n=0,
            reference_hash=reference_hash,
            below=True,
            lower=figure.lower,
            upper=figure.upper,
            effect=short,
            decides=minimum is not None,
        )

    covered = confusion.labelled / summary.rows if summary.rows else None
    verdicts = [verdict("coverage", Figure(covered, summary.rows))]
    if reference is not None and reference.task is Task.REGRESSION:
        return tuple(verdicts)
    verdicts.append(verdict("accuracy", accuracy(confusion), limits.min_accuracy))
    if reference is None or not reference.classes:
        return tuple(verdicts)
    positive = limits.positive_label or reference.positive
    chosen = positive if reference.task is Task.BINARY else limits.positive_label
    figures = performance(confusion, reference.classes, chosen)
    minimum = {"f1": limits.min_f1}
    verdicts += [verdict(name, figure, minimum.get(name)) for name, figure in figures.items()]
    for of_class in class_counts(confusion, reference.classes):
        column = f"class:{of_class.name}"
        verdicts.append(verdict("precision", of_class.precision, column=column))
        verdicts.append(verdict("recall", of_class.recall, column=column))
    return tuple(verdicts)


def _share(part: int, whole: int) -> Figure:
    if not whole:
        return Figure(None, 0)
    lower, upper = wilson(part, whole)
    return Figure(part / whole, whole, lower, upper)


def _f1_of(jaccard: float | None) -> float | None:
    return None if jaccard is None else 2 * jaccard / (1 + jaccard)


def _macro(figures: list[Figure], n: int) -> Figure:
    """The mean of those that are defined."""
    values = [figure.value for figure in figures if figure.value is not None]
    return Figure(math.fsum(values) / len(values) if values else None, n)
