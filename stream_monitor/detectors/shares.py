"""Has a share risen? An exact one-sided two-sample test of counts, and its threshold.

Fisher's exact test (Fisher 1934): given x bad rows of n in the window and k bad rows of m in
the reference, were all rows drawn alike, the bad ones would fall among the n + m rows like
balls without replacement. The p-value is the chance that the window gets x or more of the
x + k. It holds for every sample size, k = 0 and single rows included, and it carries the
reference's own sampling error. As a function of x at fixed k it is the survival function of
the negative hypergeometric law: the number of window rows before the (k + 1)-th bad
reference row when all rows are shuffled.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

_SIGMAS = 12.0  # terms further out than this add less than 1e-30 of the sum


@lru_cache(maxsize=4096)
def rise_p_value(bad: int, rows: int, reference_bad: int, reference_rows: int) -> float:
    """The p-value of "the window's share is no larger than the reference's", in [0, 1].

    ``bad`` of ``rows`` (window) against ``reference_bad`` of ``reference_rows``, 0 ≤ bad ≤ rows.
    With no rows on one side nothing is known: 1. Agrees with ``scipy.stats.hypergeom.sf``
    to 1e-7 relative; costs O(sqrt(reference_bad)).
    """
    if bad <= 0 or rows == 0 or reference_rows == 0:
        return 1.0
    total, drawn = rows + reference_rows, bad + reference_bad
    # How many of the bad rows fall into the reference: hypergeometric; sum its tail 0 … k.
    mean = drawn * reference_rows / total
    spread = drawn * (reference_rows / total) * (rows / total) * (total - drawn) / max(total - 1, 1)
    reach = _SIGMAS * math.sqrt(spread) + 50.0
    least = max(0, drawn - rows, math.floor(min(reference_bad, mean) - reach))
    most = min(reference_bad, math.ceil(mean + reach))
    if least > most:
        return 1.0
    first = (
        _log_choose(reference_rows, least)
        + _log_choose(rows, drawn - least)
        - _log_choose(total, drawn)
    )
    into = np.arange(least + 1, most + 1, dtype=np.float64)  # from the term before into this one
    ratios = (reference_rows - into + 1) * (drawn - into + 1) / (into * (rows - drawn + into))
    return min(1.0, math.exp(first) + float(np.exp(first + np.cumsum(np.log(ratios))).sum()))


@lru_cache(maxsize=4096)
def rise_limit(
    rows: int, reference_bad: int, reference_rows: int, alpha: float, min_increase: float
) -> int:
    """The most bad rows of ``rows`` that are no alarm; one more is one.

    From one more on :func:`rise_p_value` is ≤ ``alpha`` *and* the share has risen by at least
    ``min_increase`` over the reference's. ``rows`` itself where nothing can be an alarm.
    Raises ``ValueError`` without rows on both sides.
    """
    _check(rows, reference_rows)
    quiet, alarm = 0, rows + 1  # p falls as the count grows: bisect for the last quiet count
    while alarm - quiet > 1:
        middle = (quiet + alarm) // 2
        if rise_p_value(middle, rows, reference_bad, reference_rows) <= alpha:
            alarm = middle
        else:
            quiet = middle
    share = reference_bad / reference_rows
    return min(rows, max(quiet, least_rise(rows, share, min_increase) - 1))


def least_rise(rows: int, share: float, min_increase: float) -> int:
    """The fewest of ``rows``, at least 1, whose share is ``min_increase`` above ``share``."""
    # 1e-9 of a row: 0.07 + 0.01 is a bit more than 0.08, and 8 of 100 are meant to do
    return max(1, math.ceil((share + min_increase) * rows - 1e-9))


def outside_p_value(bad: int, rows: int, reference_rows: int) -> float:
    """The p-value of ``bad`` of ``rows`` outside the reference's least and greatest value.

    A fresh row falls outside the range of ``reference_rows`` like ones with chance
    2 / (reference_rows + 1), so the reference's share is not 0. Exactly j above the greatest
    and x - j below the least has the same chance as x above the greatest alone, a Fisher
    test with k = 0; the sum over the x + 1 ways bounds the p-value (for continuous values;
    ties make it smaller).
    """
    return min(1.0, (bad + 1) * rise_p_value(bad, rows, 0, reference_rows))


@lru_cache(maxsize=4096)
def outside_limit(rows: int, reference_rows: int, alpha: float, min_increase: float) -> int:
    """Like :func:`rise_limit` for :func:`outside_p_value`, the reference's share being 0."""
    _check(rows, reference_rows)
    quiet = 0
    while quiet < rows and outside_p_value(quiet + 1, rows, reference_rows) > alpha:
        quiet += 1
    return min(rows, max(quiet, least_rise(rows, 0.0, min_increase) - 1))


def _check(rows: int, reference_rows: int) -> None:
    if rows < 1 or reference_rows < 1:
        raise ValueError(f"both sides need at least one row, got {rows} and {reference_rows}")


def _log_choose(n: int, k: int) -> float:
    """log of "n choose k"."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
