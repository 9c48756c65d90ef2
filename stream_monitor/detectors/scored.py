"""Figures of a binary model's scores: ROC AUC, average precision, log loss, Brier, calibration.

They are of the reference's positive class. ``log_loss`` (nats, scores clipped to
[1e-15, 1 - 1e-15]), ``brier`` = mean (s - y)² and ``ece`` (10 bins of equal width, closed on
the right; Naeini, Cooper and Hauskrecht, AAAI 2015) are exact sums of doubles, rounded once.

``roc_auc`` and ``average_precision`` come from counts in 1,000 score bins. How the rows of one
bin are ordered is not known: ``least`` and ``most`` hold the value for every order and every
tie, and the figure is their middle. AUC is exact if no bin has both labels.

Intervals, all 95 %: Student's of the mean for ``log_loss`` and ``brier``. For ``roc_auc`` and
``average_precision`` Wilson's, from ``least`` and from ``most``, for the rows that give a share
the variance of the figure: of AUC that of DeLong, DeLong and Clarke-Pearson (Biometrics 44,
1988), of average precision v (1 − v) over the positives (Boyd, Eng and Page, ECML 2013, whose
logit interval is undefined at 0 and 1). ``ece`` has none: it is biased upwards, by what the
bins' own noise adds, and its distribution depends on how well calibrated the model is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from stream_monitor.detectors.figure import Figure, finite, mean
from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.intervals import effective_rows, wilson_of_share
from stream_monitor.summaries.scored import CALIBRATION_BINS, ScoredSummary

_ONE = ExactSum.of([1.0])


def scored_figures(scored: ScoredSummary) -> Mapping[str, Figure]:
    """All figures by monitor, undefined (``None``) without rows, or without both labels.

    Average precision needs a positive label only.
    """
    n, sums = scored.n, scored.sums
    return {
        "roc_auc": roc_auc(scored),
        "average_precision": average_precision(scored),
        "log_loss": mean(sums.log_loss, sums.log_loss_squares, n, 0.0),
        "brier": mean(sums.squared_error, sums.squared_error_squares, n, 0.0, 1.0),
        "ece": calibration_error(scored),
    }


def roc_auc(scored: ScoredSummary) -> Figure:
    """The chance that a positive outscores a negative, ties counted half (Mann-Whitney)."""
    certain = open_pairs = below = 0
    for positives, negatives in zip(
        scored.positives.tolist(), scored.negatives.tolist(), strict=True
    ):
        certain += positives * below
        open_pairs += positives * negatives
        below += negatives
    pairs = int(scored.positives.sum()) * below
    if not pairs:
        return Figure(None, scored.n)
    value = (2 * certain + open_pairs) / (2 * pairs)
    rows = _auc_rows(scored, value)
    return _bounded(value, scored.n, certain / pairs, (certain + open_pairs) / pairs, rows)


def average_precision(scored: ScoredSummary) -> Figure:
    """Σ (R_k − R_{k−1}) P_k over the thresholds, without interpolation (as scikit-learn).

    Let T positives and F negatives be above a bin of p and q. The k-th positive in it has a
    precision of at least f(k) = (T + k) / (T + k + F + q); f is concave, so their sum is at
    least its integral from 1/2 to p + 1/2. At best all p are tied before the q.
    """
    positives, negatives = scored.positives[::-1], scored.negatives[::-1]
    total = int(positives.sum())
    if not total:
        return Figure(None, scored.n)
    used = positives > 0
    p = positives[used].astype(np.float64)
    before = (np.cumsum(positives) - positives)[used]
    so_far = np.cumsum(negatives)[used]
    above = so_far - negatives[used]
    low = p - so_far * np.log1p(p / (before + so_far + 0.5))
    high = p * (before + p) / (before + p + above)
    lower = max(0.0, math.fsum(low.tolist()) / total)
    upper = min(1.0, math.fsum(high.tolist()) / total)
    return _bounded((lower + upper) / 2, scored.n, lower, upper, total)


def calibration_error(scored: ScoredSummary) -> Figure:
    """ECE: Σ over the bins |Σ score − positives| / n."""
    if not scored.n:
        return Figure(None, 0)
    positives = scored.positives.reshape(CALIBRATION_BINS, -1).sum(axis=1).tolist()
    gap = ExactSum()
    for score, count in zip(scored.scores, positives, strict=True):
        difference = score - _ONE * count
        gap += difference if difference.units >= 0 else -difference
    return finite(gap.over(scored.n), scored.n)


def _bounded(value: float, n: int, least: float, most: float, rows: float) -> Figure:
    lower, upper = wilson_of_share(least, rows).lower, wilson_of_share(most, rows).upper
    return Figure(value, n, lower, upper, least, most)


def _auc_rows(scored: ScoredSummary, auc: float) -> float:
    """The rows that give a share the variance of the AUC, ties of a bin counted half.

    At most those of the mean of two shares, one of the positives and one of the negatives.
    With one row of a label its spread is not known; then 1, the least it can be (Birnbaum
    and Klose, Annals of Mathematical Statistics 28, 1957).
    """
    positives, negatives = scored.positives, scored.negatives
    p, q = int(positives.sum()), int(negatives.sum())
    if min(p, q) < 2:
        return 1.0
    beaten = (np.cumsum(negatives) - negatives / 2) / q  # by a positive of the bin
    beating = 1 - (np.cumsum(positives) - positives / 2) / p  # a negative of the bin
    of_positives = float((positives * (beaten - auc) ** 2).sum()) / (p - 1)
    of_negatives = float((negatives * (beating - auc) ** 2).sum()) / (q - 1)
    return effective_rows(auc, of_positives / p + of_negatives / q, 4 * p * q / (p + q))
