"""Sides to compare, made of counts, scores and errors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from stream_monitor.detectors.comparison import (
    Comparison,
    Side,
    compare,
)
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import ScoredSummary

CLASSES = ("0", "1")


Matrix = tuple[int, int, int, int]  # true negatives, false positives, false negatives, positives


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
