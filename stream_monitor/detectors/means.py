"""Means over classes, balanced accuracy and Matthews' correlation, with intervals.

Each is a smooth function of the shares of the cells of a confusion matrix, so its variance
follows by the delta method: the mean square over the events of the figure's derivative by
their cell, over n (Agresti, "Categorical Data Analysis", 3rd ed., ch. 16.1; for precision,
recall and F1 of many classes Takahashi, Yamamoto, Kuchiba and Koyama, Applied Intelligence
52, 2022; for Matthews' correlation Itaya, Tamura, Hayashi and Yamamoto, Statistics in
Medicine 44, 2025). The interval is Wilson's for the number of rows that gives a plain share
this variance, but at most that of classes which are all alike: unlike a normal one it stays in
the range of the figure, and it is not narrow where a class has few events and no mistake.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from stream_monitor.detectors.figure import Figure
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.intervals import effective_rows, wilson_of_share
from stream_monitor.summaries.codec import IntArray


class Ratio(NamedTuple):
    """TP over a class's labels, its predictions, or a mix: how much of each."""

    labelled: float
    predicted: float


PRECISION, RECALL, F1 = Ratio(0.0, 1.0), Ratio(1.0, 0.0), Ratio(0.5, 0.5)


def mean_over_classes(counts: IntArray, ratio: Ratio, *, weighted: bool = False) -> Figure:
    """The mean of a ratio over the classes that have one, plain or weighted by their labels.

    ``counts``: int64, (C + 1, C + 1), label by prediction; the last of both is no class.
    """
    n, last = int(counts.sum()), len(counts) - 1
    labelled, right = counts.sum(axis=1), counts.diagonal()
    whole = ratio.labelled * labelled + ratio.predicted * counts.sum(axis=0)
    used = whole > 0
    used[last] = False
    weights = np.where(used, labelled if weighted else 1, 0).astype(np.float64)
    total = float(weights.sum())
    if not total:
        return Figure(None, n)
    weights /= total
    safe = np.where(used, whole, 1.0)
    ratios = np.where(used, right / safe, 0.0)
    value = math.fsum((weights * ratios).tolist())
    slope = weights * n / safe
    change = np.diag(slope) - (ratio.labelled * slope * ratios)[:, None]
    change = change - (ratio.predicted * slope * ratios)[None, :]
    if weighted:
        change = change + np.where(used, (ratios - value) * n / total, 0.0)[:, None]
    rows = effective_rows(
        value, _variance(counts, change), 1 / float((weights * weights / safe).sum())
    )
    return Figure(value, n, *wilson_of_share(min(value, 1.0), rows))


def balanced_accuracy(tp: int, fp: int, fn: int, tn: int) -> Figure:
    """The mean of recall and specificity, undefined without both labels."""
    counts = np.array([[tn, fp, 0], [fn, tp, 0], [0, 0, 0]], dtype=np.int64)
    if not (tp + fn and tn + fp):
        return Figure(None, int(counts.sum()))
    return mean_over_classes(counts, RECALL)


def matthews(tp: int, fp: int, fn: int, tn: int) -> Figure:
    """Matthews' correlation; undefined where labels or predictions are all of one class.

    The interval is that of (1 + r) / 2.
    """
    n = tp + fp + fn + tn
    positive, negative, found, left = tp + fn, tn + fp, tp + fp, tn + fn
    spread = positive * negative * found * left
    if not spread:
        return Figure(None, n)
    r = (tp * tn - fp * fn) / math.sqrt(spread)
    label = _standard(positive, negative)
    prediction = _standard(found, left)
    change = label[:, None] * prediction[None, :]
    change = change - r / 2 * (label[:, None] ** 2 + prediction[None, :] ** 2)
    variance = _variance(np.array([[tn, fp], [fn, tp]], dtype=np.int64), change) / 4
    most = 4 * min(positive * negative, found * left) / n
    share = min(max((1 + r) / 2, 0.0), 1.0)
    lower, upper = wilson_of_share(share, effective_rows(share, variance, most))
    return Figure(r, n, 2 * lower - 1, 2 * upper - 1)


def _variance(counts: IntArray, change: FloatArray) -> float:
    n = int(counts.sum())
    return float((counts * change * change).sum()) / (n * n)


def _standard(ones: int, zeros: int) -> FloatArray:
    """0 and 1 less their mean, over their standard deviation."""
    return np.array([-math.sqrt(ones / zeros), math.sqrt(zeros / ones)])
