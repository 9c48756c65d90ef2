"""The difference of two independent means, from sizes, means and variances alone.

:func:`welch` is for one time that was fixed beforehand. :func:`mean_difference_sequence` is for all
times at once, but *asymptotically* only: its guarantee is that of a normal distribution, to which
sums of rows come close as rows grow, and nothing is promised for few rows. Do not decide by it
below a minimum of rows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

from stream_monitor.statistics.intervals import Interval
from stream_monitor.statistics.sizes import checked_level


class Moments(NamedTuple):
    """``n`` rows, the mean of their values and the variance of one value (divisor n − 1)."""

    n: int
    mean: float
    variance: float


class MeanSequence(NamedTuple):
    """An asymptotic confidence sequence of a difference at the present, and ln E of no difference.

    0 is outside if and only if ``log_e_value`` ≥ ln(1/α), up to rounding.
    """

    lower: float
    upper: float
    log_e_value: float


def welch(first: Moments, second: Moments, confidence: float = 0.95) -> Interval | None:
    """The interval of mean₁ − mean₂ (Welch, Biometrika 34, 1947), Student's t.

    ``None`` with fewer than two rows on a side, or without any variance. Raises ValueError unless
    0 < confidence < 1.
    """
    level = checked_level(confidence)
    if min(first.n, second.n) < 2 or first.variance + second.variance <= 0:
        return None
    parts = [m.variance / m.n for m in (first, second)]
    error = math.hypot(*map(math.sqrt, parts))
    if not 0 < error < math.inf:
        return None
    shares = [part / error / error for part in parts]
    freedom = 1 / (shares[0] ** 2 / (first.n - 1) + shares[1] ** 2 / (second.n - 1))
    half = float(special.stdtrit(freedom, 0.5 + level / 2)) * error
    difference = first.mean - second.mean
    return Interval(difference - half, difference + half)


def mean_difference_sequence(
    first: Moments, second: Moments, tightest_at: int, alpha: float = 0.05
) -> MeanSequence | None:
    """The asymptotic confidence sequence of mean₁ − mean₂, tightest at ``tightest_at`` rows a side.

    Of one mean it is Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas' (Ann. Stat. 52, 2024,
    theorem 2.2): M(μ) = exp(n² ρ² (m − μ)² / (2 σ² (n ρ² + 1))) / √(n ρ² + 1) < 1/α. Of two, as
    with rates, it is the least M₁(μ) M₂(μ − δ) over μ, whichever side gets how many rows:

        |m₁ − m₂ − δ| < √((v₁ + v₂) ln(√((n₁ρ² + 1)(n₂ρ² + 1)) / α)),   v = 2σ² (nρ² + 1) / (n²ρ²).

    ρ² = (−W₋₁(−α/e) − 1) / ``tightest_at`` makes it least for n₁ = n₂ = ``tightest_at``. ``None``
    if a side has no variance, which no normal distribution is like. Raises ValueError unless all
    sizes are positive and 0 < alpha < 1.
    """
    if min(first.n, second.n, tightest_at) < 1:
        raise ValueError(f"sizes of {first.n}, {second.n} and {tightest_at} rows")
    level = checked_level(alpha)
    if not (first.variance > 0 and second.variance > 0):
        return None
    rho2 = (-float(special.lambertw(-level / math.e, -1).real) - 1) / tightest_at
    spread = math.hypot(*(_spread(moments, rho2) for moments in (first, second)))
    price = 0.5 * (math.log1p(first.n * rho2) + math.log1p(second.n * rho2))
    difference = first.mean - second.mean
    half = spread * math.sqrt(price - math.log(level))
    if not (spread > 0 and math.isfinite(half) and math.isfinite(difference)):
        return None
    ratio = difference / spread
    return MeanSequence(difference - half, difference + half, ratio * ratio - price)


def _spread(moments: Moments, rho2: float) -> float:
    """√v."""
    scaled = moments.n * rho2
    return math.sqrt(2 * (scaled + 1) / scaled / moments.n) * math.sqrt(moments.variance)
