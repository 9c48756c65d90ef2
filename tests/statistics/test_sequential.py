"""Anytime-valid tests of rates: against exact fractions, and their errors under peeking."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.sequential import (
    difference_sequence,
    log_e_value,
    p_value,
    rate_sequence,
)

LIMIT = math.log(20)  # ln(1 / 0.05)
CASES = [(0, 1, 0, 1), (0, 5, 5, 5), (3, 7, 2, 9), (12, 12, 11, 12), (0, 40, 0, 3), (5, 60, 30, 50)]
counts = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def mixed(s: int, n: int) -> Fraction:
    """B(½ + s, ½ + n − s) / B(½, ½), the chance of the rows under the mixture."""
    chance = Fraction(1)
    for i in range(s):
        chance *= Fraction(2 * i + 1, 2 * (i + 1))
    for i in range(n - s):
        chance *= Fraction(2 * i + 1, 2 * (s + i + 1))
    return chance


def martingale(s: int, n: int, p: Fraction) -> Fraction:
    return mixed(s, n) / (p**s * (1 - p) ** (n - s))


def exact_e_value(s1: int, n1: int, s2: int, n2: int) -> Fraction:
    pooled = Fraction(s1 + s2, n1 + n2)
    return martingale(s1, n1, pooled) * martingale(s2, n2, pooled)


def log_e_values(s1: IntArray, n1: IntArray, s2: IntArray, n2: IntArray) -> FloatArray:
    """The definition, for many totals at once."""
    s, n = s1 + s2, n1 + n2
    both = special.betaln(s1 + 0.5, n1 - s1 + 0.5) + special.betaln(s2 + 0.5, n2 - s2 + 0.5)
    least = special.xlogy(s, s / n) + special.xlogy(n - s, (n - s) / n)
    return both - 2 * math.log(math.pi) - least


@pytest.mark.parametrize("case", CASES)
def test_the_e_value_is_that_of_exact_fractions(case: tuple[int, int, int, int]) -> None:
    assert math.exp(log_e_value(*case)) == pytest.approx(float(exact_e_value(*case)), rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_no_common_rate_has_less_evidence_against_it_than_the_e_value(
    case: tuple[int, int, int, int],
) -> None:
    s1, n1, s2, n2 = case
    grid = [Fraction(i, 500) for i in range(1, 500)]
    least = min(martingale(s1, n1, p) * martingale(s2, n2, p) for p in grid)
    assert math.exp(log_e_value(*case)) <= float(least) * (1 + 1e-12)


@pytest.mark.parametrize("p", [Fraction(1, 50), Fraction(1, 5), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (5, 5), (9, 4), (12, 1)])
def test_the_mean_of_the_e_value_is_at_most_1_if_the_rates_are_equal(
    p: Fraction, n1: int, n2: int
) -> None:
    mean = Fraction(0)
    for s1, s2 in product(range(n1 + 1), range(n2 + 1)):
        chance = math.comb(n1, s1) * math.comb(n2, s2) * p ** (s1 + s2)
        mean += chance * (1 - p) ** (n1 + n2 - s1 - s2) * exact_e_value(s1, n1, s2, n2)
    assert mean <= 1


def test_a_martingale_of_totals_is_one_step_by_step() -> None:
    p = Fraction(1, 3)
    for n in range(8):
        for s in range(n + 1):
            then = p * martingale(s + 1, n + 1, p) + (1 - p) * martingale(s, n + 1, p)
            assert then == martingale(s, n, p)


def test_values_between_0_and_1_have_no_more_evidence_than_rows_that_are_right_or_not() -> None:
    p, (u, v) = 0.3, (1.7, 0.7)  # a step of M: convex in x, and a line at its ends
    for x in np.linspace(0, 1, 21).tolist():
        assert u**x * v ** (1 - x) <= x * u + (1 - x) * v + 1e-15
    rng = np.random.default_rng(3)
    total = np.cumsum(rng.beta(0.6, 1.4, (2, 200, 2000)), axis=2)  # mean p
    n = np.arange(1, 2001)
    assert rng.beta(0.6, 1.4, 10**5).mean() == pytest.approx(p, abs=0.01)
    ever = (log_e_values(total[0], n, total[1], n) >= LIMIT).any(axis=1)
    assert ever.mean() <= 0.05


@pytest.mark.parametrize(("s", "n"), [(0, 1), (0, 30), (1, 30), (11, 40), (40, 40)])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 1e-6])
def test_a_rates_sequence_ends_where_its_martingale_reaches_1_over_alpha(
    s: int, n: int, alpha: float
) -> None:
    interval = rate_sequence(s, n, alpha)
    for end, limit in ((interval.lower, 0.0), (interval.upper, 1.0)):
        if end == limit:
            assert s in (0, n)
            continue
        found = float(martingale(s, n, Fraction(end)))
        assert found == pytest.approx(1 / alpha, rel=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("alpha", [0.2, 0.05, 1e-4])
def test_a_differences_sequence_is_the_one_that_brute_force_finds(
    case: tuple[int, int, int, int], alpha: float
) -> None:
    s1, n1, s2, n2 = case

    def least(delta: float) -> float:
        """inf over p of ln M₁(p) M₂(p − δ) + ln alpha, by scipy."""

        def at(p: float) -> float:
            q = p - delta
            return -float(
                special.xlogy(s1, p)
                + special.xlog1py(n1 - s1, -p)
                + special.xlogy(s2, q)
                + special.xlog1py(n2 - s2, -q)
            )

        low, high = max(0.0, delta) + 1e-13, min(1.0, 1 + delta) - 1e-13
        found = optimize.minimize_scalar(
            at, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
        ).fun
        return found + math.log(mixed(s1, n1)) + math.log(mixed(s2, n2)) + math.log(alpha)

    interval = difference_sequence(*case, alpha)
    observed = s1 / n1 - s2 / n2
    assert interval.lower <= observed <= interval.upper
    for end, limit in ((interval.lower, -1 + 1e-9), (interval.upper, 1 - 1e-9)):
        if abs(end) >= 1 - 1e-9:
            assert observed == round(end) or least(limit) < 0
        else:
            start = min(max(observed, -1 + 1e-9), 1 - 1e-9)
            expected = optimize.brentq(least, start, limit, xtol=1e-13)
            assert end == pytest.approx(expected, abs=1e-7)


@settings(deadline=None, max_examples=200)
@given(counts, counts, st.sampled_from([0.3, 0.05, 0.001]))
def test_0_is_outside_if_and_only_if_the_e_value_reaches_1_over_alpha(
    first: tuple[int, int], second: tuple[int, int], alpha: float
) -> None:
    interval = difference_sequence(*first, *second, alpha)
    outside = not interval.lower <= 0 <= interval.upper
    assert outside == (log_e_value(*first, *second) >= math.log(1 / alpha))
    assert -1 <= interval.lower <= interval.upper <= 1


@settings(deadline=None, max_examples=100)
@given(counts, counts)
def test_swapped_sides_negate_the_difference_and_keep_the_e_value(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    there, back = difference_sequence(*first, *second), difference_sequence(*second, *first)
    assert back == pytest.approx((-there.upper, -there.lower), abs=1e-9)
    forth = log_e_value(*first, *second)
    assert log_e_value(*second, *first) == pytest.approx(forth, abs=1e-9)
    wrong = [(n - s, n) for s, n in (first, second)]
    assert log_e_value(*wrong[0], *wrong[1]) == pytest.approx(forth, abs=1e-9)


def test_a_thousand_million_rows_overflow_nothing() -> None:
    n = 10**9
    assert log_e_value(n // 2, n, n // 2, n) == pytest.approx(-math.log(math.pi * n / 2), abs=1e-4)
    assert log_e_value(0, n, n, n) == pytest.approx(2 * n * math.log(2), rel=1e-6)
    lower, upper = difference_sequence(n // 10, n, n // 10 + 10**6, n)
    assert -0.0011 < lower < -0.001 < upper < -0.0009


def test_totals_too_small_to_be_shares_are_nothing() -> None:
    assert log_e_value(1e-320, 10**6, 1e-320, 10**6) == log_e_value(0, 10**6, 0, 10**6)
    assert difference_sequence(1e-320, 10, 4, 10) == difference_sequence(0, 10, 4, 10)
    lower, upper = difference_sequence(1e-180, 10, 4, 10)
    assert (lower, upper) == pytest.approx(difference_sequence(0, 10, 4, 10))


def test_without_rows_nothing_is_known() -> None:
    assert log_e_value(0, 0, 3, 7) == log_e_value(3, 7, 0, 0) == log_e_value(0, 0, 0, 0) == 0
    assert difference_sequence(0, 0, 3, 7) == difference_sequence(3, 7, 0, 0) == (-1, 1)
    assert rate_sequence(0, 0) == (0, 1)


def test_the_p_value_is_the_inverse_of_the_e_value_and_at_most_1() -> None:
    assert p_value(math.log(20)) == pytest.approx(0.05)
    assert p_value(-3.0) == 1.0
    assert p_value(1e6) == p_value(math.inf) == 0.0


@pytest.mark.parametrize("case", [(2, 1, 0, 1), (-1, 1, 0, 1), (0, 1, 3, 2)])
def test_impossible_totals_are_refused(case: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="a total of"):
        log_e_value(*case)
    with pytest.raises(ValueError, match="a total of"):
        difference_sequence(*case)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_an_impossible_level_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="strictly between"):
        difference_sequence(1, 2, 1, 2, alpha)
    with pytest.raises(ValueError, match="strictly between"):
        rate_sequence(1, 2, alpha)


def totals(seed: int, p: float, runs: int, rows: int) -> IntArray:
    return np.cumsum(np.random.default_rng(seed).random((runs, rows)) < p, axis=1)


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5])
def test_looking_after_every_row_is_no_false_alarm_of_ours_but_of_the_z_test(p: float) -> None:
    """400 runs of 5,000 rows a side with equal rates, at the level 5 %."""
    first, second = totals(1, p, 400, 5000), totals(2, p, 400, 5000)
    n = np.arange(1, 5001)
    ours = log_e_values(first, n, second, n)
    assert log_e_value(int(first[7, 99]), 100, int(second[7, 99]), 100) == pytest.approx(
        ours[7, 99], abs=1e-9
    )
    assert (ours >= LIMIT).any(axis=1).mean() <= 0.05
    pooled = (first + second) / (2 * n)
    error = np.sqrt(np.maximum(2 * pooled * (1 - pooled) / n, 1e-12))
    z = np.abs(first - second) / n / error
    assert (z[:, 99:] > stats.norm.isf(0.025)).any(axis=1).mean() > 0.25
    assert (z[:, -1] > stats.norm.isf(0.025)).mean() <= 0.08  # one look is what it is made for


def test_sides_that_get_rows_as_an_adversary_likes_alarm_no_more_often() -> None:
    """The side that looks worse gets the next row: 300 runs of 2,000 rows, rates of 20 %."""
    rng = np.random.default_rng(5)
    s, n = np.zeros((2, 300), dtype=np.int64), np.ones((2, 300), dtype=np.int64)
    ever = np.zeros(300, dtype=bool)
    runs = np.arange(300)
    for _ in range(2000):
        side = (s[0] / n[0] < s[1] / n[1]).astype(np.int64)
        n[side, runs] += 1
        s[side, runs] += rng.random(300) < 0.2
        ever |= log_e_values(s[0], n[0], s[1], n[1]) >= LIMIT
    assert ever.mean() <= 0.05


def test_a_confidence_sequence_holds_the_true_rate_after_every_row() -> None:
    """1,000 runs of 3,000 rows: at least 95 % hold 7 % at all times."""
    s, n = totals(8, 0.07, 1000, 3000), np.arange(1, 3001)
    gained = special.betaln(s + 0.5, n - s + 0.5) - math.log(math.pi)
    reached = gained - s * math.log(0.07) - (n - s) * math.log(0.93) >= LIMIT
    assert reached.any(axis=1).mean() <= 0.05
    run, row = np.argwhere(reached)[0].tolist()
    assert not _holds(0.07, rate_sequence(int(s[run, row]), row + 1))
    assert all(_holds(0.07, rate_sequence(int(s[0, i]), i + 1)) for i in range(0, 3000, 50))


def _holds(value: float, interval: tuple[float, float]) -> bool:
    return interval[0] <= value <= interval[1]


def test_a_confidence_sequence_holds_the_true_difference_at_all_times() -> None:
    """100 runs, at 40 times between 5 and 3,000 rows, rates of 30 % and 20 %, one to two rows."""
    first, second = totals(11, 0.3, 100, 3000), totals(12, 0.2, 100, 6000)
    times = np.unique(np.geomspace(5, 3000, 40).astype(int)).tolist()
    missed = [
        any(
            not _holds(
                0.1,
                difference_sequence(int(first[run, n - 1]), n, int(second[run, 2 * n - 1]), 2 * n),
            )
            for n in times
        )
        for run in range(100)
    ]
    assert np.mean(missed) <= 0.05


def test_errors_of_10_and_15_percent_are_told_apart_within_3_000_rows_a_side() -> None:
    """At least 88 % of 400 runs; half of all within 2,000 rows."""
    n = np.arange(1, 3001)
    found = log_e_values(totals(21, 0.10, 400, 3000), n, totals(22, 0.15, 400, 3000), n) >= LIMIT
    assert found.any(axis=1).mean() >= 0.88
    assert found[:, :2000].any(axis=1).mean() >= 0.5
