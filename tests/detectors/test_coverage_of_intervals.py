"""How often the 95 % intervals hold the truth, by simulation with fixed seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from scipy import special

from stream_monitor.detectors.classification import accuracy, binary, performance, weighted
from stream_monitor.detectors.figure import Figure, mean
from stream_monitor.detectors.regression import regression_figures
from stream_monitor.detectors.scored import scored_figures
from stream_monitor.events.columns import NumericValues
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import ScoredSummary

Figures = Mapping[str, Figure]
TRIES = 1500
#: What 1,500 tries tell: 2 % is 3.6 standard errors.
NEAR = 0.02


def coverage(draw: Callable[[], Figures], truths: Mapping[str, float]) -> dict[str, float]:
    held = dict.fromkeys(truths, 0)
    for _ in range(TRIES):
        figures = draw()
        for name, truth in truths.items():
            lower, upper = figures[name].lower, figures[name].upper
            above = -math.inf if lower is None else lower
            held[name] += above <= truth <= (math.inf if upper is None else upper)
    return {name: count / TRIES for name, count in held.items()}


def test_scores_of_two_classes() -> None:
    """Scores of normal classes a distance d apart: AUC is Φ(d / √2); others by a large sample."""
    rng, d, share = np.random.default_rng(11), 1.2, 0.4

    def rows(n: int) -> ScoredSummary:
        y = rng.random(n) < share
        x = rng.normal(d * y, 1.0)
        s = special.expit(d * x - d * d / 2 + math.log(share / (1 - share)))
        return ScoredSummary.of_kinds(y.astype(np.uint8), s, None)

    large = scored_figures(rows(2_000_000))
    truths = {
        name: large[name].value or math.nan for name in ("average_precision", "log_loss", "brier")
    }
    truths["roc_auc"] = float(special.ndtr(d / math.sqrt(2)))
    found = coverage(lambda: scored_figures(rows(300)), truths)
    assert found == pytest.approx(dict.fromkeys(truths, 0.95), abs=NEAR)


def test_errors_of_a_regression() -> None:
    """Normal errors; quantiles by rank, and RMSE by the root, hold at least as often."""
    rng = np.random.default_rng(12)
    shift, z = 0.3, 1.6448536269514722

    def rows(n: int) -> ResidualSummary:
        y = rng.normal(10.0, 2.0, n)
        p = y + rng.normal(shift, 1.0, n)
        return ResidualSummary.of_numbers(NumericValues(y, None), NumericValues(p, None))

    large = regression_figures(rows(2_000_000))
    truths = {name: large[name].value or math.nan for name in ("mae", "mape")}
    truths |= {"rmse": math.sqrt(1 + shift**2), "bias": shift}
    quantiles = {"residual_p5": shift - z, "residual_p50": shift, "residual_p95": shift + z}
    found = coverage(lambda: regression_figures(rows(300)), truths | quantiles)
    for name in truths:
        assert found[name] == pytest.approx(0.95, abs=NEAR), name
    for name in quantiles:
        assert 0.94 <= found[name] <= 0.995, name


def test_two_classes() -> None:
    rng, cells = np.random.default_rng(13), np.array([0.5, 0.1, 0.1, 0.3])  # TN, FP, FN, TP
    classes = ("0", "1")

    def figures(counts: list[int]) -> Figures:
        labels, predictions = np.repeat([0, 0, 1, 1], counts), np.repeat([0, 1, 0, 1], counts)
        correct = counts[0] + counts[3]
        confusion = ConfusionSummary.of_places(labels, predictions, correct, classes)
        return {
            "accuracy": accuracy(confusion),
            **performance(confusion, classes, "1"),
            **binary(confusion, classes, "1"),
        }

    large = figures([5, 1, 1, 3])
    truths = {name: figure.value or math.nan for name, figure in large.items()}
    found = coverage(lambda: figures(rng.multinomial(300, cells).tolist()), truths)
    assert found == pytest.approx(dict.fromkeys(truths, 0.95), abs=NEAR)


def test_many_classes() -> None:
    rng = np.random.default_rng(14)
    hundredths = np.array([30, 5, 5, 5, 20, 5, 2, 8, 20])
    labels, predictions = np.divmod(np.arange(9), 3)
    classes = ("a", "b", "c")

    def figures(counts: list[int]) -> Figures:
        label, prediction = np.repeat(labels, counts), np.repeat(predictions, counts)
        correct = int(np.count_nonzero(label == prediction))
        confusion = ConfusionSummary.of_places(label, prediction, correct, classes)
        return {**performance(confusion, classes, None), **weighted(confusion)}

    truths = {
        name: figure.value or math.nan for name, figure in figures(hundredths.tolist()).items()
    }
    found = coverage(lambda: figures(rng.multinomial(300, hundredths / 100).tolist()), truths)
    assert found == pytest.approx(dict.fromkeys(truths, 0.95), abs=NEAR)


def test_log_loss_of_many_classes() -> None:
    rng = np.random.default_rng(15)

    def rows(n: int) -> ClassLossSummary:
        scores = rng.dirichlet([2.0, 1.0, 1.0], n)
        labels = (rng.random(n)[:, None] > np.cumsum(scores, axis=1)[:, :2]).sum(axis=1)
        return ClassLossSummary.of_places(labels, scores)

    def figures(n: int) -> Figures:
        found = rows(n)
        return {"log_loss": mean(found.log_loss, found.squares, found.n, 0.0)}

    truth = figures(2_000_000)["log_loss"].value or math.nan
    found = coverage(lambda: figures(300), {"log_loss": truth})
    assert found["log_loss"] == pytest.approx(0.95, abs=NEAR)


def test_one_row_has_no_interval_of_a_mean_and_sound_ones_of_shares() -> None:
    scored = ScoredSummary.of_kinds(np.array([1], dtype=np.uint8), np.array([0.7]), None)
    figures = scored_figures(scored)
    for name in ("log_loss", "brier", "ece"):
        assert figures[name].value is not None
        assert (figures[name].lower, figures[name].upper) == (None, None)
    assert figures["roc_auc"] == Figure(None, 1)
    assert figures["average_precision"].upper == 1.0
    one = regression_figures(ResidualSummary.of([1.0], [1.5], 1))
    for name in ("mae", "rmse", "bias", "mape", "residual_p5", "residual_p50", "residual_p95"):
        assert one[name].value is not None
        assert (one[name].lower, one[name].upper) == (None, None)


def test_scores_that_part_the_labels_have_an_interval_with_a_width() -> None:
    kinds = np.repeat([0, 1], [50, 50]).astype(np.uint8)
    auc = scored_figures(ScoredSummary.of_kinds(kinds, np.repeat([0.2, 0.8], 50), None))["roc_auc"]
    assert (auc.value, auc.least, auc.upper) == (1.0, 1.0, 1.0)
    assert auc.lower == pytest.approx(0.963, abs=0.001)


def test_r2_and_calibration_error_have_no_interval() -> None:
    rng = np.random.default_rng(16)
    y = rng.normal(0, 1, 200)
    r2 = regression_figures(ResidualSummary.of(y, y + rng.normal(0, 1, 200), 200))["r2"]
    assert r2.value is not None
    assert (r2.lower, r2.upper) == (None, None)
