"""Against scipy, and the quantile's ranks against the binomial law itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from stream_monitor.statistics.exact_sum import ExactSum
from stream_monitor.statistics.intervals import (
    Interval,
    effective_rows,
    mean_interval,
    newcombe,
    quantile_ranks,
    squared_and_added,
    wilson,
    wilson_of_share,
)


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (0, 40), (3, 40), (20, 40), (40, 40)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_the_interval_is_scipys(successes: int, n: int, confidence: float) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert wilson(successes, n, confidence) == pytest.approx((expected.low, expected.high))


def test_without_rows_nothing_is_known() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)


def test_the_ends_are_exact_without_and_with_all_successes() -> None:
    assert wilson(0, 7).lower == 0.0
    assert wilson(7, 7).upper == 1.0


@pytest.mark.parametrize(("successes", "n", "confidence"), [(2, 1, 0.9), (-1, 1, 0.9), (1, 1, 1)])
def test_impossible_input_is_refused(successes: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"successes|between"):
        wilson(successes, n, confidence)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_newcombes_interval_is_that_of_his_paper(
    counts: tuple[int, int, int, int], expected: tuple[float, float]
) -> None:
    assert newcombe(*counts) == pytest.approx(expected, abs=6e-5)


def test_newcombes_interval_of_swapped_sides_is_negated() -> None:
    lower, upper = newcombe(3, 40, 11, 52, 0.9)
    assert newcombe(11, 52, 3, 40, 0.9) == pytest.approx((-upper, -lower))


def test_newcombes_interval_holds_the_difference_in_19_of_20_samples() -> None:
    """All samples of 30 and 40 rows, each with its chance."""
    for p1, p2 in ((0.1, 0.15), (0.5, 0.4), (0.9, 0.6)):
        held = 0.0
        for s1 in range(31):
            for s2 in range(41):
                lower, upper = newcombe(s1, 30, s2, 40)
                if lower <= p1 - p2 <= upper:
                    held += stats.binom.pmf(s1, 30, p1) * stats.binom.pmf(s2, 40, p2)
        assert 0.935 <= held <= 0.985


def test_without_rows_on_a_side_the_difference_is_anything() -> None:
    assert newcombe(0, 0, 1, 3) == newcombe(1, 3, 0, 0) == Interval(-1.0, 1.0)


def test_a_difference_of_certain_values_is_certain() -> None:
    assert squared_and_added(3, Interval(3, 3), 1, Interval(1, 1)) == Interval(2, 2)


def test_a_plain_share_has_as_many_effective_rows_as_rows() -> None:
    assert effective_rows(0.3, 0.3 * 0.7 / 50, 1000) == pytest.approx(50)
    assert wilson_of_share(0.3, 50) == pytest.approx(tuple(wilson(15, 50)))


@pytest.mark.parametrize(("share", "variance"), [(0.0, 0.0), (1.0, 0.1), (0.5, 0.0), (0.9, 1e-9)])
def test_a_variance_too_small_to_tell_counts_as_the_most_rows(
    share: float, variance: float
) -> None:
    assert effective_rows(share, variance, 40) == 40


@pytest.mark.parametrize("n", [2, 7, 400])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_the_interval_of_a_mean_is_scipys(n: int, shift: float) -> None:
    values = np.random.default_rng(n).normal(0, 2, n).round(3) + shift
    found = mean_interval(ExactSum.of(values), ExactSum.of(values * values), n)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_equal_terms_have_an_interval_without_a_width_and_one_term_has_none() -> None:
    assert mean_interval(ExactSum.of([0.5] * 9), ExactSum.of([0.25] * 9), 9) == (0.5, 0.5)
    assert mean_interval(ExactSum.of([0.5]), ExactSum.of([0.25]), 1) is None


def test_what_overflows_has_no_interval() -> None:
    for values in ([1e200, -1e200], [1e308, 1e308]):
        with np.errstate(over="ignore"):
            squares = np.square(values)
        assert mean_interval(ExactSum.of(values), ExactSum.of(squares), 2) is None


@pytest.mark.parametrize("q", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("n", [1, 5, 60, 73, 300, 100_000])
def test_each_side_of_a_quantile_misses_with_at_most_half_of_what_is_left(q: float, n: int) -> None:
    """The value of rank r (from 0) is above the quantile if at most r values are below it."""
    lower, upper = quantile_ranks(q, n)
    law = stats.binom(n, q)
    if lower is not None:
        assert law.cdf(lower) <= 0.025 < law.cdf(lower + 1)
    else:
        assert law.cdf(0) > 0.025
    if upper is not None:
        assert law.sf(upper) <= 0.025 < law.sf(upper - 1)
    else:
        assert law.sf(n - 1) > 0.025
