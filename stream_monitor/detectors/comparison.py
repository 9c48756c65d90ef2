"""A candidate model beside the champion: what differs, by how much, and whether that is decided.

Everything is a function of the totals so far. Labels may come late and in any order; the answer
is the same as if they had come at once. Each difference is candidate − champion, and has

- an interval for one look at a time fixed beforehand (95 %): Newcombe's for shares; Welch's
  for means, and with DeLong's variance for ROC AUC;
- a confidence sequence and an e-value, for looking all the time and stopping when one likes:
  exact for shares (``statistics.sequential``) and for Brier, whose losses are in [0, 1];
  asymptotic (``statistics.means``) for ROC AUC, log loss, MAE and bias, with
  :data:`LEAST_ROWS` rows on both sides, and of both labels for ROC AUC, or none.

Every other figure that has an interval itself (F1, means over classes, RMSE, …) has the
squared-and-added one of the two, and no sequence; ECE and R², which have none, a difference only.

Where these hold: the two models get different rows, by chance or by turns. Of a shadow model, whose
rows are the champion's too, they do not hold. A label that is corrected takes back what it said:
the answer then is of the totals as they now stand. Each metric has its own ``alpha``; whoever
decides by any of k of them wants alpha / k.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from stream_monitor.detectors import moments
from stream_monitor.detectors.classification import (
    accuracy,
    binary,
    class_counts,
    performance,
    weighted,
)
from stream_monitor.detectors.figure import Figure, mean
from stream_monitor.detectors.performance import LESS_IS_BETTER
from stream_monitor.detectors.regression import regression_figures
from stream_monitor.detectors.scored import scored_figures
from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.intervals import Interval, newcombe, squared_and_added
from stream_monitor.statistics.means import Moments, mean_difference_sequence, welch
from stream_monitor.statistics.roc import auc_moments
from stream_monitor.statistics.sequential import difference_sequence, log_e_value, p_value
from stream_monitor.summaries.class_loss import ClassLossSummary
from stream_monitor.summaries.confusion import ConfusionSummary
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import ScoredSummary

Decision = Literal["better", "worse", "undecided"]

#: Nothing asymptotic is said with fewer rows on a side, or of a label.
LEAST_ROWS = 200
#: Rows on each side for which the asymptotic sequences are tightest.
TIGHTEST_AT = 1_000


class Side(NamedTuple):
    """What a model's predictions were worth; ``None`` is not known or not of its task."""

    confusion: ConfusionSummary | None = None
    scored: ScoredSummary | None = None
    residuals: ResidualSummary | None = None
    class_loss: ClassLossSummary | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of both models.

    ``difference`` is candidate − champion, ``None`` where a figure is undefined; ``lower`` and
    ``upper`` are its 95 % interval at one time. ``sequential_lower`` and ``sequential_upper`` hold
    it at all times with a chance of at least 1 − alpha; ``log_e_value`` is ln E of no difference,
    ``p_value`` = min(1, 1/E). All are ``None`` where none is known.

    ``larger_is_better`` is ``None`` for the bias, of which neither side is. ``decided`` is what
    the confidence sequence says of the candidate: ``undecided`` while 0 is in it.
    """

    metric: str
    champion: Figure
    candidate: Figure
    difference: float | None
    lower: float | None
    upper: float | None
    sequential_lower: float | None
    sequential_upper: float | None
    log_e_value: float | None
    p_value: float | None
    larger_is_better: bool | None
    decided: Decision


class _Sequence(NamedTuple):
    lower: float
    upper: float
    log_e_value: float


class _Evidence(NamedTuple):
    interval: Interval | None = None
    sequence: _Sequence | None = None


_NONE = _Evidence()


def compare(
    champion: Side,
    candidate: Side,
    classes: tuple[str, ...] = (),
    positive: str | None = None,
    alpha: float = 0.05,
) -> tuple[Comparison, ...]:
    """Every metric that both sides have the summary of.

    From confusions over ``classes``: ``accuracy``, and with classes ``precision``, ``recall``,
    ``f1`` of the class ``positive`` with ``specificity``, ``balanced_accuracy`` and ``mcc``, or
    their macro and weighted means if it is ``None``. From scores: ``roc_auc``, ``log_loss``,
    ``brier``, ``average_precision``, ``ece``; of many classes ``log_loss``. From residuals:
    every figure of a regression.

    Raises ``UnlikeSummaryError`` if the confusions are of different classes, ValueError unless
    0 < alpha < 1.
    """
    found: list[Comparison] = []
    if champion.confusion is not None and candidate.confusion is not None:
        found += _of_classes(champion.confusion, candidate.confusion, classes, positive, alpha)
    if champion.scored is not None and candidate.scored is not None:
        found += _of_scores(champion.scored, candidate.scored, alpha)
    if champion.class_loss is not None and candidate.class_loss is not None:
        found.append(_of_class_loss(champion.class_loss, candidate.class_loss, alpha))
    if champion.residuals is not None and candidate.residuals is not None:
        found += _of_residuals(champion.residuals, candidate.residuals, alpha)
    return tuple(found)


def _of_classes(
    champion: ConfusionSummary,
    candidate: ConfusionSummary,
    classes: tuple[str, ...],
    positive: str | None,
    alpha: float,
) -> Iterator[Comparison]:
    if champion.fingerprint != candidate.fingerprint:
        raise UnlikeSummaryError(
            f"A confusion matrix of classes {candidate.fingerprint} does not compare with one of "
            f"classes {champion.fingerprint}: compare models of the same classes."
        )
    right = [(side.correct, side.labelled) for side in (champion, candidate)]
    yield _comparison(
        "accuracy", accuracy(champion), accuracy(candidate), _rates(right[0], right[1], alpha)
    )
    if not classes:
        return
    old, new = (dict(performance(side, classes, positive)) for side in (champion, candidate))
    shares = [_shares(side, classes, positive) for side in (champion, candidate)]
    for figures, side in ((old, champion), (new, candidate)):
        figures |= weighted(side) if positive is None else binary(side, classes, positive)
    for metric in old:
        if metric in shares[0]:
            evidence = _rates(shares[0][metric], shares[1][metric], alpha)
        else:
            evidence = _squared_and_added(old[metric], new[metric])
        yield _comparison(metric, old[metric], new[metric], evidence)


def _of_scores(
    champion: ScoredSummary, candidate: ScoredSummary, alpha: float
) -> Iterator[Comparison]:
    old, new = scored_figures(champion), scored_figures(candidate)
    areas = [auc_moments(side.positives, side.negatives) for side in (champion, candidate)]
    labels = min(
        int(counts.sum())
        for side in (champion, candidate)
        for counts in (side.positives, side.negatives)
    )
    area = _means(areas[0], areas[1], alpha, enough=labels >= LEAST_ROWS)
    yield _comparison("roc_auc", old["roc_auc"], new["roc_auc"], area)
    losses = _means(moments.log_loss(champion), moments.log_loss(candidate), alpha)
    yield _comparison("log_loss", old["log_loss"], new["log_loss"], losses)
    squares = _means(moments.squared_loss(champion), moments.squared_loss(candidate), alpha)
    totals = [(side.sums.squared_error.value, side.n) for side in (champion, candidate)]
    exact = squares._replace(sequence=_rate_sequence(totals[0], totals[1], alpha))
    yield _comparison("brier", old["brier"], new["brier"], exact)
    for metric in ("average_precision", "ece"):
        evidence = _squared_and_added(old[metric], new[metric])
        yield _comparison(metric, old[metric], new[metric], evidence)


def _of_class_loss(
    champion: ClassLossSummary, candidate: ClassLossSummary, alpha: float
) -> Comparison:
    old, new = (mean(side.log_loss, side.squares, side.n, 0.0) for side in (champion, candidate))
    losses = _means(moments.class_log_loss(champion), moments.class_log_loss(candidate), alpha)
    return _comparison("log_loss", old, new, losses)


def _of_residuals(
    champion: ResidualSummary, candidate: ResidualSummary, alpha: float
) -> Iterator[Comparison]:
    old, new = regression_figures(champion), regression_figures(candidate)
    known: dict[str, Callable[[ResidualSummary], Moments | None]] = {
        "mae": moments.absolute_error,
        "bias": moments.error,
    }
    for metric in old:
        if metric in known:
            evidence = _means(known[metric](champion), known[metric](candidate), alpha)
        else:
            evidence = _squared_and_added(old[metric], new[metric])
        yield _comparison(metric, old[metric], new[metric], evidence)


def _shares(
    confusion: ConfusionSummary, classes: tuple[str, ...], positive: str | None
) -> dict[str, tuple[int, int]]:
    """The metrics that are shares of counts: part and whole."""
    counts = next((c for c in class_counts(confusion, classes) if c.name == positive), None)
    if counts is None:
        return {}
    tp, fp, fn = counts.tp, counts.fp, counts.fn
    negative = confusion.labelled - tp - fn
    return {
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "specificity": (negative - fp, negative),
    }


def _rates(champion: tuple[int, int], candidate: tuple[int, int], alpha: float) -> _Evidence:
    return _Evidence(newcombe(*candidate, *champion), _rate_sequence(champion, candidate, alpha))


def _rate_sequence(
    champion: tuple[float, int], candidate: tuple[float, int], alpha: float
) -> _Sequence:
    lower, upper = difference_sequence(*candidate, *champion, alpha)
    return _Sequence(lower, upper, log_e_value(*candidate, *champion))


def _means(
    champion: Moments | None, candidate: Moments | None, alpha: float, enough: bool = True
) -> _Evidence:
    """Both intervals of two means; no sequence of few rows."""
    if champion is None or candidate is None:
        return _NONE
    sequence = None
    if enough and min(champion.n, candidate.n) >= LEAST_ROWS:
        sequence = mean_difference_sequence(candidate, champion, TIGHTEST_AT, alpha)
    return _Evidence(welch(candidate, champion), None if sequence is None else _Sequence(*sequence))


def _squared_and_added(champion: Figure, candidate: Figure) -> _Evidence:
    """The interval of the difference of two figures that have intervals."""
    intervals = [
        None
        if figure.value is None or figure.lower is None or figure.upper is None
        else (figure.value, Interval(figure.lower, figure.upper))
        for figure in (candidate, champion)
    ]
    new, old = intervals
    return _NONE if new is None or old is None else _Evidence(squared_and_added(*new, *old))


def _comparison(
    metric: str, champion: Figure, candidate: Figure, evidence: _Evidence
) -> Comparison:
    neither = metric == "bias" or metric.startswith("residual_")
    better = None if neither else metric not in LESS_IS_BETTER
    difference = None
    if champion.value is not None and candidate.value is not None:
        difference = candidate.value - champion.value
        difference = difference if math.isfinite(difference) else None
    interval, sequence = _NONE if difference is None else evidence
    return Comparison(
        metric=metric,
        champion=champion,
        candidate=candidate,
        difference=difference,
        lower=None if interval is None else interval.lower,
        upper=None if interval is None else interval.upper,
        sequential_lower=None if sequence is None else sequence.lower,
        sequential_upper=None if sequence is None else sequence.upper,
        log_e_value=None if sequence is None else sequence.log_e_value,
        p_value=None if sequence is None else p_value(sequence.log_e_value),
        larger_is_better=better,
        decided=_decision(sequence, better),
    )


def _decision(sequence: _Sequence | None, larger_is_better: bool | None) -> Decision:
    if sequence is None or larger_is_better is None or sequence.lower <= 0 <= sequence.upper:
        return "undecided"
    return "better" if (sequence.lower > 0) == larger_is_better else "worse"
