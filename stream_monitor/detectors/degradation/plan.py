"""The CUSUM that watches for a rise over a baseline, designed from the run length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from stream_monitor.detectors.change.design import FINEST, bernoulli_cusum, normal_cusum

FINEST_SHIFT = 0.5
"""Below it rows are taken together for the design, as it would take long."""

OVERSHOOT = 1.166
"""Twice Siegmund's mean overshoot of a normal walk's barrier, in deviations of a step."""

LEAST_RATE = 0.02
"""The least error rate that is told from 0, as a share of the smallest rise."""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """S ← max(0, S + up) at an error and max(0, S − down) at none, an alarm at S ≥ height.

    The Bernoulli CUSUM on its grid of 1/(up + down) errors, in integers.
    """

    up: int
    down: int
    height: int


@dataclass(frozen=True, slots=True)
class SumPlan:
    """S ← max(0, S + Σ (x − mean) / deviation − n k) for panes of n rows x, an alarm at S ≥ h."""

    mean: float
    deviation: float
    k: float
    h: float


NEVER = SumPlan(mean=1.0, deviation=1.0, k=0.0, h=1.0)
"""Of a rate so high that no rise that matters is left: no pane has more errors than rows."""


@lru_cache(maxsize=1024)
def plan_of_rate(rate: float, rise: float, run_length: float) -> RowPlan | SumPlan:
    """The CUSUM from an error rate in [0, 1] to one that is higher by ``rise`` > 0.

    The Bernoulli design where there is one; its run length on rows is at least ``run_length``.
    For changes too small for it, the normal design of the sums of panes. A rate below
    ``LEAST_RATE`` · rise is taken for that. Where the higher rate would be 1 or more, it is
    ``NEVER``. It takes milliseconds for a rise of 0.05, up to 3 s for one of 0.001.
    """
    usual = max(rate, LEAST_RATE * rise)
    risen = usual + rise
    if risen >= 1:
        return NEVER
    try:
        design = bernoulli_cusum(usual, risen, run_length)
    except ValueError:
        deviation = math.sqrt(usual * (1 - usual))
        k, h = _normal(rise / deviation, run_length)
        return SumPlan(usual, deviation, k, h)
    # k is a fraction of a denominator ≤ FINEST, which its float tells without doubt.
    k_exact = Fraction(design.k).limit_denominator(FINEST)
    return RowPlan(
        up=k_exact.denominator - k_exact.numerator,
        down=k_exact.numerator,
        height=round(design.h * k_exact.denominator + 0.5),
    )


@lru_cache(maxsize=1024)
def plan_of_mean(
    mean: float, deviation: float, skewness: float, shift: float, run_length: float
) -> SumPlan:
    """The CUSUM from a mean absolute error to one that is higher by ``shift`` deviations.

    The sums are sufficient for a shift of normal rows, so k = shift / 2 whatever the sizes of the
    panes. Absolute errors are skewed to the right and reach h more often than normal ones; h is
    larger by 2k / θ, where θ > 0 solves E exp(θ (x − k)) = 1 for x of a standardised gamma
    distribution of that ``skewness`` ≥ 0: a walk's run length grows as exp(θ h) (Siegmund,
    Sequential Analysis, 1985). For x normal θ is 2k.
    """
    k, h = _normal(shift, run_length)
    return SumPlan(mean, deviation, k, h * 2 * k / _exponent(k, skewness))


@lru_cache(maxsize=64)
def _normal(shift: float, run_length: float) -> tuple[float, float]:
    """k and h in a row's deviations of the one-sided CUSUM of normal rows.

    A small shift is designed for sums of b rows, whose shift is √b larger; a barrier that is then
    looked at more often than every b rows is crossed more often, which the overshoot makes good.
    """
    size = max(1, math.ceil((FINEST_SHIFT / shift) ** 2))
    root = math.sqrt(size)
    # The design is two-sided and its sides' alarm rates add: one side has twice the run length.
    design = normal_cusum(min(shift * root, 10.0), max(run_length / size, 4.0) / 2)
    return design.k / root, (design.h + (OVERSHOOT if size > 1 else 0.0)) * root


def _exponent(k: float, skewness: float) -> float:
    if skewness < 1e-3:
        return 2 * k
    root = 2 / skewness  # of the gamma's shape
    least, most = 0.0, min(2 * k, root * (1 - 1e-12))
    for _ in range(60):
        middle = (least + most) / 2
        tilt = middle / root
        if -root * root * (math.log1p(-tilt) + tilt) < middle * k:
            least = middle
        else:
            most = middle
    return most
