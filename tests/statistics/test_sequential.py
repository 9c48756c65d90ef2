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
    log_e_value_above,
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


MARGINS = [0.0, 0.02, 0.3]


def least_above(s1: int, n1: int, s2: int, n2: int, margin: float) -> float:
    """The least ln M₁(p₁) M₂(p₂) where p₁ − p₂ is the margin, by scipy."""

    def at(p: float) -> float:
        return -float(
            special.xlogy(s1, p + margin)
            + special.xlog1py(n1 - s1, -p - margin)
            + special.xlogy(s2, p)
            + special.xlog1py(n2 - s2, -p)
        )

    found = optimize.minimize_scalar(
        at, bounds=(1e-13, 1 - margin - 1e-13), method="bounded", options={"xatol": 1e-12}
    ).fun
    return found + math.log(mixed(s1, n1)) + math.log(mixed(s2, n2))


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("case", [*CASES, (45, 50, 12, 60), (40, 40, 0, 40)])
def test_evidence_above_a_margin_is_the_least_on_it_or_at_most_1(
    case: tuple[int, int, int, int], margin: float
) -> None:
    s1, n1, s2, n2 = case
    found = log_e_value_above(*case, margin)
    if s1 / n1 - s2 / n2 <= margin:
        assert found == pytest.approx(math.log(mixed(s1, n1) * mixed(s2, n2)) + _most(case))
        assert found <= 0
    else:
        assert found == pytest.approx(least_above(*case, margin), abs=1e-6)
        assert found <= least_above(*case, margin) + 1e-9


def _most(case: tuple[int, int, int, int]) -> float:
    """−ln of the greatest likelihood."""
    s1, n1, s2, n2 = case
    pairs = ((s1, n1), (n1 - s1, n1), (s2, n2), (n2 - s2, n2))
    return -sum(x * math.log(x / n) for x, n in pairs if x)


@settings(deadline=None, max_examples=100)
@given(counts, counts, st.floats(0, 0.99))
def test_a_wider_margin_is_never_more_evidence_and_none_is_that_of_equal_rates(
    first: tuple[int, int], second: tuple[int, int], margin: float
) -> None:
    at_zero = log_e_value_above(*first, *second, 0.0)
    assert log_e_value_above(*first, *second, margin) <= at_zero + 1e-6
    if first[1] and second[1] and first[0] / first[1] > second[0] / second[1]:
        assert at_zero == pytest.approx(log_e_value(*first, *second), abs=1e-5)


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("p", [0.05, 0.3, 0.6])
def test_a_rate_that_is_higher_by_the_margin_ever_alarms_with_a_chance_of_at_most_alpha(
    p: float, margin: float
) -> None:
    """Every path of 40 rows a side, in turns, looked at after each: enumerated."""
    alpha = 0.2
    chances = p + margin, p
    alive = {(0, 0): 1.0}
    alarmed = 0.0
    for row in range(80):
        side, n = row % 2, (row // 2 + 1, (row + 1) // 2)
        after: dict[tuple[int, int], float] = {}
        for (s1, s2), chance in alive.items():
            for wrong, share in ((1, chances[side]), (0, 1 - chances[side])):
                at = (s1 + wrong, s2) if side == 0 else (s1, s2 + wrong)
                after[at] = after.get(at, 0.0) + chance * share
        alive = {}
        for (s1, s2), chance in after.items():
            if log_e_value_above(s1, n[0], s2, n[1], margin) >= -math.log(alpha):
                alarmed += chance
            else:
                alive[s1, s2] = chance
    assert alarmed + sum(alive.values()) == pytest.approx(1)
    assert 0 < alarmed <= alpha


def test_a_rate_that_is_higher_by_more_than_the_margin_is_found() -> None:
    """Errors of 25 % beside 10 %, a margin of 5 %: 200 runs, at 4,000 rows a side."""
    first, second = totals(31, 0.25, 200, 4000)[:, -1], totals(32, 0.10, 200, 4000)[:, -1]
    found = [
        log_e_value_above(int(s1), 4000, int(s2), 4000, 0.05) >= math.log(1e4)
        for s1, s2 in zip(first, second, strict=True)
    ]
    assert np.mean(found) >= 0.99


@pytest.mark.parametrize("margin", [-0.01, 1.0, math.nan])
def test_an_impossible_margin_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="a margin of"):
        log_e_value_above(1, 2, 1, 2, margin)
