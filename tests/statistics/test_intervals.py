"""Wilson's interval."""

from __future__ import annotations

import pytest
from scipy import stats

from stream_monitor.statistics.intervals import Interval, wilson


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
