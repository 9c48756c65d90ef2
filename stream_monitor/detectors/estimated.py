"""Performance estimated without labels, from what scores were worth in the reference.

Known as confidence-based performance estimation (NannyML's CBPE); calibration as in Guo et
al., "On calibration of modern neural networks" (ICML 2017), by isotonic regression. The estimate is
the figure of the expected confusion matrix (see ``expected``); for a ratio whose denominator
depends on labels (recall, F1, ROC AUC) that is its expectation but for terms of order 1/n. The
standard error is by the delta method, of the labels and of the calibration together, so
``lower`` and ``upper`` (95 %) are for the figure that the labels of these very rows would give.

The estimate sees a change of what is scored, P(x). It holds as long as a score is worth what
it was, P(y | score): a change of that is not in it, and shows only when labels come, as the
difference of the realised figure from the estimate of the same rows (:func:`estimate_error`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import special

from stream_monitor.detectors.expected import Expected, ExpectedBinary, expected
from stream_monitor.detectors.figure import Figure
from stream_monitor.reference.model import Reference, Task
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.summaries.population import PopulationSummary

#: A class has a part in a macro mean if so many of its labels are expected.
LEAST_LABELS = 0.5
_Z = float(special.ndtri(0.975))


class Estimate(NamedTuple):
    """An estimated figure and its standard error; both ``None`` where it is undefined."""

    figure: Figure
    standard_error: float | None = None


class Share(NamedTuple):
    """A figure in [0, 1] of an expected matrix, and its derivatives by the matrix's entries."""

    value: float
    gradient: FloatArray


def estimated_names(task: Task) -> tuple[str, ...]:
    """The figures that are estimated for a task: none unless it is a classifier's."""
    if task is Task.BINARY:
        return ("accuracy", "precision", "recall", "f1", "roc_auc")
    return ("accuracy", "precision", "recall", "f1") if task is Task.MULTICLASS else ()


def estimates(
    population: PopulationSummary, reference: Reference, positive: str | None
) -> Mapping[str, Estimate]:
    """The figures of :func:`estimated_names`, as ``classification`` defines them.

    ``precision``, ``recall`` and ``f1`` are of the class ``positive``, or macro means if
    ``None``: over the classes that were predicted (precision), of which at least half a label
    is expected (recall), or either (F1). ``roc_auc`` is of the reference's positive class.
    Undefined without a calibration, without predictions, and where a denominator is 0.
    """
    names, calibration = estimated_names(reference.task), reference.calibration
    n = population.n
    if calibration is None or not n:
        return dict.fromkeys(names, Estimate(Figure(None, n)))
    of = expected(population, calibration)
    matrix = of.matrix
    classes = range(len(reference.classes))
    if positive is not None:
        classes = range(*_place(reference.classes, positive))
    found = {
        "accuracy": _accuracy(matrix),
        "precision": _mean([_precision(matrix, j) for j in classes]),
        "recall": _mean([_recall(matrix, j) for j in classes]),
        "f1": _mean([_f1(matrix, j) for j in classes]),
    }
    made = {name: _estimate(share, of, n) for name, share in found.items()}
    if isinstance(of, ExpectedBinary):
        made["roc_auc"] = _roc_auc(of, n)
    return {name: made[name] for name in names}


def estimate_error(realised: Figure, estimate: Estimate) -> tuple[Figure, float | None]:
    """Realised − estimated of the same rows with its 95 % interval, and a two-sided p-value.

    The interval holds 0, and the p-value is above .05, as long as chance explains the
    difference: the labels' and the calibration's spread are all in the standard error.
    """
    value, error = estimate.figure.value, estimate.standard_error
    if realised.value is None or value is None or error is None:
        return Figure(None, estimate.figure.n), None
    off = realised.value - value
    figure = Figure(off, estimate.figure.n, off - _Z * error, off + _Z * error)
    if not error:
        return figure, 1.0 if not off else 0.0
    return figure, 2 * float(special.ndtr(-abs(off) / error))


def _place(classes: tuple[str, ...], name: str) -> tuple[int, int]:
    at = classes.index(name) if name in classes else 0
    return at, at + (name in classes)


def _estimate(share: Share | None, of: Expected, n: int) -> Estimate:
    if share is None:
        return Estimate(Figure(None, n))
    return _interval(share.value, of.standard_error(share.gradient), n)


def _interval(value: float, error: float, n: int) -> Estimate:
    lower, upper = max(0.0, value - _Z * error), min(1.0, value + _Z * error)
    return Estimate(Figure(value, n, lower, upper), error)


def _accuracy(matrix: FloatArray) -> Share:
    gradient = np.eye(len(matrix))
    gradient[-1, -1] = 0.0
    return Share(float(matrix.diagonal()[:-1].sum() / matrix.sum()), gradient / matrix.sum())


def _precision(matrix: FloatArray, j: int) -> Share | None:
    predicted = float(matrix[:, j].sum())
    if not predicted:
        return None
    gradient = np.zeros_like(matrix)
    gradient[j, j] = 1 / predicted  # how many are predicted does not depend on labels
    return Share(float(matrix[j, j]) / predicted, gradient)


def _recall(matrix: FloatArray, j: int) -> Share | None:
    labelled = float(matrix[j].sum())
    if labelled < LEAST_LABELS:
        return None
    return _ratio(matrix, j, 1.0, labelled)


def _f1(matrix: FloatArray, j: int) -> Share | None:
    labelled, predicted = float(matrix[j].sum()), float(matrix[:, j].sum())
    if labelled < LEAST_LABELS and not predicted:
        return None
    return _ratio(matrix, j, 2.0, labelled + predicted)


def _ratio(matrix: FloatArray, j: int, times: float, whole: float) -> Share:
    """``times`` · the right ones of class j over ``whole``, which grows by each label j."""
    value = times * float(matrix[j, j]) / whole
    gradient = np.zeros_like(matrix)
    gradient[j] = -value / whole
    gradient[j, j] += times / whole
    return Share(value, gradient)


def _mean(shares: list[Share | None]) -> Share | None:
    defined = [share for share in shares if share is not None]
    if not defined:
        return None
    value = math.fsum(share.value for share in defined) / len(defined)
    gradient = np.sum([share.gradient for share in defined], axis=0) / len(defined)
    return Share(value, gradient)


def _roc_auc(of: ExpectedBinary, n: int) -> Estimate:
    """Expected pairs in which the positive outscores the negative, a shared bin counted half."""
    rows = of.rows.sum(axis=0)
    positives, negatives = rows * of.chance, rows * (1 - of.chance)
    p, q = float(positives.sum()), float(negatives.sum())
    if min(p, q) < LEAST_LABELS:
        return Estimate(Figure(None, n))
    below = np.cumsum(negatives) - negatives / 2
    above = p - np.cumsum(positives) + positives / 2
    value = float(positives @ below) / (p * q)
    moves = (below - above) / (p * q) - value * (1 / p - 1 / q)
    return _interval(value, of.spread(np.broadcast_to(moves, of.rows.shape)), n)
