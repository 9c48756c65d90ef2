"""The area under the ROC curve, with its variance, from counts by score bin."""

from __future__ import annotations

import numpy as np

from stream_monitor.statistics.arrays import IntArray
from stream_monitor.statistics.means import Moments


def auc_moments(positives: IntArray, negatives: IntArray) -> Moments | None:
    """The AUC of scores known by bin, and the variance of one of its n rows.

    ``positives`` and ``negatives`` count the rows of each label by bin, bins ascending. Rows of one
    bin are ties and count half. The variance of the AUC is DeLong, DeLong and Clarke-Pearson's
    (Biometrics 44, 1988), exact for the binned scores; n times it is the variance of a row, since
    the AUC is asymptotically a mean of independent terms (Hoeffding's projection). ``None`` with
    fewer than two rows of a label.
    """
    n_positive, n_negative = int(positives.sum()), int(negatives.sum())
    if min(n_positive, n_negative) < 2:
        return None
    p, q = positives.astype(np.float64), negatives.astype(np.float64)
    beaten = (np.cumsum(q) - q / 2) / n_negative  # the negatives that a positive is above
    missed = (n_positive - np.cumsum(p) + p / 2) / n_positive
    auc = float(p @ beaten) / n_positive
    of_positives = float(p @ (beaten - auc) ** 2) / (n_positive - 1) / n_positive
    of_negatives = float(q @ (missed - auc) ** 2) / (n_negative - 1) / n_negative
    n = n_positive + n_negative
    return Moments(n, auc, n * (of_positives + of_negatives))
