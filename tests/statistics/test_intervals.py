"""Wilson's interval, and Newcombe's of a difference."""

from __future__ import annotations

import pytest
from scipy import stats

from stream_monitor.statistics.intervals import Interval, newcombe, squared_and_added, wilson


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
