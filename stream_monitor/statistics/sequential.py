"""Anytime-valid inference of rates from totals: look as often as you like, stop when you like.

A row is right or not with a fixed chance p. The mixture of its likelihood ratios with Beta(½, ½),

    M(p) = B(½ + s, ½ + n − s) / B(½, ½) / (p^s (1 − p)^(n−s)),

is a test martingale of p that needs s and n only, in whatever order the rows came (Robbins, Ann.
Math. Stat. 41, 1970). By Ville's inequality it ever reaches 1/α with a chance of at most α. Of two
rates the product M₁(p₁) M₂(p₂) is one too, whoever gets the next row and why, as long as that is
settled before the row's outcome is known; its least value over all pairs with p₁ − p₂ = δ is an
e-process of the hypothesis δ (Howard, Ramdas, McAuliffe and Sekhon, Ann. Stat. 49, 2021; Turner,
Ly and Grünwald, J. Stat. Plan. Inference 230, 2024).

Beta(½, ½) pays ½ ln n for not knowing the rate wherever the rate is (Krichevsky and Trofimov, IEEE
Trans. Inf. Theory 27, 1981); Beta(1, 1) pays ln n near 0 and 1, where the rates of good models are.

All of it also holds for the total s of values in [0, 1] with the mean p, only wider: by convexity
M is then a supermartingale. It does *not* hold if both rates are of the same rows (a shadow
model), or if whether a row is right has a part in whether it is counted (late labels that come
sooner for the wrong rows).

Rounding moves a log by less than 1e-4 for up to 1e10 rows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

from stream_monitor.statistics.intervals import Interval
from stream_monitor.statistics.sizes import checked_level

_PRIOR = 0.5
_PRIOR_LOG = float(special.betaln(_PRIOR, _PRIOR))
_FARTHEST = 1e120
_NOTHING = 1e-200  # a total (of tiny values) that may be taken for 0
_HALVINGS = 60
_ROUGHLY = 16  # halvings, where an error counts by its square


class _Rate(NamedTuple):
    """A total and its complement, and whether its rate goes up on the way to the bound."""

    total: float
    rest: float
    up: bool = True

    @property
    def n(self) -> float:
        return self.total + self.rest

    def down(self) -> _Rate:
        return self._replace(up=False)


class _Chance(NamedTuple):
    """A chance and its complement, both to full precision."""

    yes: float
    no: float


def log_e_value(total1: float, n1: int, total2: float, n2: int) -> float:
    """ln E of the hypothesis that two rates are equal; 0 without rows on a side.

    E = inf over p of M₁(p) M₂(p), which is at the pooled rate. If the rates are equal, then E at
    any time, chosen by whatever rule, has a mean of at most 1, and ever reaches 1/α with a chance
    of at most α. Raises ValueError unless 0 ≤ total ≤ n on both sides.

    >>> round(log_e_value(100, 1000, 200, 1000), 2)
    12.57
    """
    first, second = _rate(total1, n1), _rate(total2, n2)
    if not n1 or not n2:
        return 0.0
    n = n1 + n2
    pooled = _Chance((first.total + second.total) / n, (first.rest + second.rest) / n)
    gained = _divergence(first, pooled) + _divergence(second, pooled)
    return gained - _price(first) - _price(second)


def log_e_value_above(total1: float, n1: int, total2: float, n2: int, margin: float) -> float:
    """ln E of the hypothesis p₁ − p₂ ≤ ``margin``; 0 without rows on a side.

    E = inf over all such pairs of M₁(p₁) M₂(p₂): if the hypothesis is true then E at any time,
    chosen by whatever rule, has a mean of at most 1, and ever reaches 1/α with a chance of at most
    α. At most 1 where the observed difference is no more than the margin. Else the pair lies where
    p₁ − p₂ is the margin, on the path of ``difference_sequence``; its Lagrangian is taken, which
    is never above the infimum, however roughly the multiplier is found. Raises ValueError unless
    0 ≤ total ≤ n on both sides and 0 ≤ margin < 1.

    >>> round(log_e_value_above(200, 1000, 100, 1000, 0.0), 2)
    12.57
    >>> round(log_e_value_above(200, 1000, 100, 1000, 0.05), 2)
    -2.33
    """
    first, second = _rate(total1, n1), _rate(total2, n2)
    if not 0 <= margin < 1:
        raise ValueError(f"a margin of {margin} between two rates: it is from 0 to below 1")
    if not n1 or not n2:
        return 0.0
    paid = -_price(first) - _price(second)
    beyond = total1 / n1 - total2 / n2 - margin
    if beyond <= 0:
        return paid
    down = first.down()

    def gap(pull: float) -> float:
        return _shifted(down, pull).yes - _shifted(second, pull).yes - margin

    low, high = 0.0, 4 * beyond / (1 / n1 + 1 / n2)
    while high < _FARTHEST and gap(high) > 0:
        low, high = high, 2 * high
    for _ in range(_ROUGHLY):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    divergence = _divergence(first, _shifted(down, low)) + _divergence(
        second, _shifted(second, low)
    )
    return divergence + low * gap(low) + paid


def p_value(log_e: float) -> float:
    """min(1, 1/E): the anytime-valid p-value of the present, from ln E."""
    return math.exp(-max(log_e, 0.0))


def rate_sequence(total: float, n: int, alpha: float = 0.05) -> Interval:
    """The rates p with M(p) < 1/α: a confidence sequence inside [0, 1].

    The true rate is in it at all times at once with a chance of at least 1 − α; total / n always
    is. Exact up to rounding, found by bisection. Without rows it is [0, 1]. Raises ValueError
    unless 0 ≤ total ≤ n and 0 < alpha < 1.
    """
    rate = _rate(total, n)
    limit = _price(rate) - math.log(checked_level(alpha))
    if not n:
        return Interval(0.0, 1.0)
    (lower,), (upper,) = _farthest((rate.down(),), limit), _farthest((rate,), limit)
    return Interval(min(lower, total / n), max(upper, total / n))


def difference_sequence(
    total1: float, n1: int, total2: float, n2: int, alpha: float = 0.05
) -> Interval:
    """The differences δ = p₁ − p₂ with inf over p of M₁(p) M₂(p − δ) < 1/α, inside [-1, 1].

    The true difference is in it at all times at once with a chance of at least 1 − α, and the
    observed one always is. 0 is outside if and only if ``log_e_value`` ≥ ln(1/α). Without rows on
    a side it is [-1, 1]. Raises ValueError as ``log_e_value``, and unless 0 < alpha < 1.

    ln M₁(p₁) M₂(p₂) = n₁ KL(p̂₁, p₁) + n₂ KL(p̂₂, p₂) − a price of p̂₁ and p̂₂: convex in (p₁, p₂),
    so δ has an interval. Where δ is extreme, the gradients of both terms are t and −t (Lagrange),
    each a quadratic equation for its p; ln M₁M₂ grows with t, and t is found by bisection.
    """
    log_e = log_e_value(total1, n1, total2, n2)
    limit = -math.log(checked_level(alpha))
    if not n1 or not n2:
        return Interval(-1.0, 1.0)
    first, second = _rate(total1, n1), _rate(total2, n2)
    observed = total1 / n1 - total2 / n2
    to_pay = _price(first) + _price(second) + limit
    low1, high2 = _farthest((first.down(), second), to_pay)
    high1, low2 = _farthest((first, second.down()), to_pay)
    lower, upper = min(low1 - high2, observed), max(high1 - low2, observed)
    # The e-value has a closed form at 0; the bisection must not round to its other side.
    if log_e < limit:
        return Interval(min(lower, 0.0), max(upper, 0.0))
    if observed > 0:
        return Interval(max(lower, math.ulp(0.0)), upper)
    return Interval(lower, min(upper, -math.ulp(0.0)))


def _rate(total: float, n: int) -> _Rate:
    if not 0 <= total <= n:
        raise ValueError(f"a total of {total} in {n} rows")
    return _Rate(total, n - total) if total > _NOTHING else _Rate(0.0, n)


def _price(rate: _Rate) -> float:
    """ln of the greatest likelihood over the mixed one, about ½ ln n: what not knowing p costs."""
    mixed = float(special.betaln(_PRIOR + rate.total, _PRIOR + rate.rest)) - _PRIOR_LOG
    return sum(x * math.log(x / rate.n) for x in (rate.total, rate.rest) if x) - mixed


def _divergence(rate: _Rate, chance: _Chance) -> float:
    """n KL(p̂, p): ln of the greatest likelihood over that of p."""
    pairs = ((rate.total, chance.yes), (rate.rest, chance.no))
    return sum(x * math.log(x / rate.n / p) for x, p in pairs if x)


def _shifted(rate: _Rate, pull: float) -> _Chance:
    """The p where n KL(p̂, p) rises by ``pull`` a unit in the rate's direction.

    n (p − p̂) = t p (1 − p), by the form of the root that subtracts nothing.
    """
    if not rate.up:
        yes, no = _shifted(_Rate(rate.rest, rate.total), pull)
        return _Chance(no, yes)
    gap = rate.n - pull
    root = math.sqrt(gap * gap + 4 * pull * rate.total)
    yes = 2 * rate.total / (gap + root) if gap > 0 else (root - gap) / (2 * pull)
    return _Chance(yes, 2 * rate.rest / (rate.n + pull + root))


def _farthest(rates: tuple[_Rate, ...], limit: float) -> tuple[float, ...]:
    """The chances as far in their directions as their divergences, summed, stay below the limit."""

    def passed(pull: float) -> bool:
        return math.fsum(_divergence(rate, _shifted(rate, pull)) for rate in rates) >= limit

    low, high = 0.0, 1.0
    while high < _FARTHEST and not passed(high):
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if passed(middle) else (middle, high)
    return tuple(_shifted(rate, low).yes for rate in rates)
