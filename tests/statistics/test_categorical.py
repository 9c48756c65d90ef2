"""Two-sample tests over categories."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stream_monitor.statistics.categorical import (
    Homogeneity,
    chi_square,
    l_infinity,
    l_infinity_p_value,
    l_infinity_threshold,
    pool_rare_cells,
)

vectors = (
    st.integers(1, 12)
    .flatmap(lambda k: st.tuples(*[st.lists(st.integers(0, 40), min_size=k, max_size=k)] * 2))
    .filter(lambda pair: sum(pair[0]) > 0 and sum(pair[1]) > 0)
)


@settings(deadline=None)
@given(vectors)
def test_pooling_keeps_the_totals_and_leaves_no_rare_cell(
    pair: tuple[list[int], list[int]],
) -> None:
    reference, window = np.array(pair[0]), np.array(pair[1])
    cells = pool_rare_cells(reference, window)
    n, m = int(reference.sum()), int(window.sum())
    assert (cells.reference.sum(), cells.window.sum()) == (n, m)
    expected = (cells.reference + cells.window) * (min(n, m) / (n + m))
    assert cells.reference.size == 1 or (expected >= 5 * (1 - 1e-12)).all()


def test_frequent_categories_keep_their_place_and_the_pool_is_last() -> None:
    cells = pool_rare_cells(np.array([1, 50, 2, 40, 0]), np.array([4, 60, 5, 30, 0]))
    assert cells.reference.tolist() == [50, 40, 3]
    assert cells.window.tolist() == [60, 30, 9]


@settings(deadline=None)
@given(vectors)
def test_chi_square_is_scipys_on_the_pooled_table(pair: tuple[list[int], list[int]]) -> None:
    reference, window = np.array(pair[0]), np.array(pair[1])
    found = chi_square(reference, window)
    cells = pool_rare_cells(reference, window)
    expected = stats.chi2_contingency(np.array(cells), correction=False)
    assert found.dof == expected.dof
    assert found.statistic == pytest.approx(float(expected.statistic), rel=1e-9, abs=1e-9)
    assert found.p_value == pytest.approx(float(expected.pvalue), rel=1e-9)


def test_a_single_category_cannot_drift() -> None:
    assert chi_square(np.array([9]), np.array([3])) == Homogeneity(0.0, 0, 1.0)
    assert l_infinity(np.array([9]), np.array([3])) == 0.0
    assert l_infinity_p_value(0.0, np.array([9]), np.array([3])) == 1.0
    assert l_infinity_threshold(0.05, np.array([9]), np.array([3])) == math.inf


def test_l_infinity_is_the_greatest_change_of_a_share() -> None:
    assert l_infinity(np.array([50, 30, 20]), np.array([5, 1, 4])) == pytest.approx(0.2)


def test_the_threshold_is_where_the_p_value_is_the_level() -> None:
    reference, window = np.array([500, 300, 20, 1]), np.array([80, 10, 9, 0])
    for alpha in (0.05, 1e-6):
        threshold = l_infinity_threshold(alpha, reference, window)
        found = l_infinity_p_value(threshold, reference, window)
        assert found <= alpha
        assert found == pytest.approx(alpha, rel=1e-6)


@pytest.mark.parametrize(("k", "n", "m"), [(3, 5000, 1000), (20, 1000, 1000), (300, 1000, 300)])
def test_null_windows_alarm_about_as_often_as_the_level_says(k: int, n: int, m: int) -> None:
    rng = np.random.default_rng(6)
    law = 1 / np.arange(1, k + 1)
    law /= law.sum()
    pairs = list(zip(rng.multinomial(n, law, 2000), rng.multinomial(m, law, 2000), strict=True))
    greatest = np.array([l_infinity_p_value(l_infinity(a, b), a, b) for a, b in pairs])
    pearson = np.array([chi_square(a, b).p_value for a, b in pairs])
    assert (greatest < 0.05).mean() < 0.06
    assert (greatest < 0.01).mean() < 0.015
    assert 0.03 < (pearson < 0.05).mean() < 0.065


def test_a_change_of_one_category_is_found_by_both() -> None:
    reference, window = np.array([500, 400, 100]), np.array([400, 400, 200])
    assert chi_square(reference, window).p_value < 1e-8
    assert l_infinity_p_value(l_infinity(reference, window), reference, window) < 1e-4


@pytest.mark.parametrize("measure", [chi_square, l_infinity, pool_rare_cells])
def test_unlike_or_empty_counts_are_refused(measure: object) -> None:
    assert callable(measure)
    with pytest.raises(ValueError, match="unlike"):
        measure(np.array([1, 2]), np.array([1]))
    with pytest.raises(ValueError, match="at least one row"):
        measure(np.array([1, 2]), np.array([0, 0]))
