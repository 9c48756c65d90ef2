from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stream_monitor.detectors.shares import (
    outside_limit,
    outside_p_value,
    rise_limit,
    rise_p_value,
)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_the_p_value_is_fishers_exact_one(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 3000))
    reference_rows = data.draw(st.integers(1, 20_000))
    bad = data.draw(st.integers(1, rows))
    reference_bad = data.draw(st.integers(0, reference_rows))
    expected = stats.hypergeom.sf(bad - 1, rows + reference_rows, bad + reference_bad, rows)
    found = rise_p_value(bad, rows, reference_bad, reference_rows)
    assert found == pytest.approx(float(expected), rel=1e-7, abs=1e-25)


def test_a_share_of_nothing_is_no_evidence() -> None:
    assert rise_p_value(0, 100, 5, 1000) == 1.0
    assert rise_p_value(0, 0, 5, 1000) == 1.0
    assert rise_p_value(3, 10, 0, 0) == 1.0


def test_millions_of_rows_are_tested_without_overflow() -> None:
    assert rise_p_value(300_000, 1_000_000, 300_000, 1_000_000) == pytest.approx(0.5, abs=0.01)
    assert rise_p_value(310_000, 1_000_000, 300_000, 1_000_000) < 1e-30


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_the_limit_is_the_last_count_that_is_no_alarm(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 2000))
    reference_rows = data.draw(st.integers(1, 5000))
    reference_bad = data.draw(st.integers(0, reference_rows))
    alpha = data.draw(st.sampled_from([1e-5, 1e-3, 0.05]))
    least = data.draw(st.sampled_from([0.0, 0.01, 0.1]))
    limit = rise_limit(rows, reference_bad, reference_rows, alpha, least)
    share = reference_bad / reference_rows
    for bad in {limit - 1, limit, limit + 1, 1, rows}:
        if not 0 < bad <= rows:
            continue
        significant = rise_p_value(bad, rows, reference_bad, reference_rows) <= alpha
        matters = bad / rows - share >= least - 1e-9
        assert (bad > limit) == (significant and matters)


def test_under_the_null_the_test_is_wrong_no_more_often_than_alpha() -> None:
    rng = np.random.default_rng(3)
    alpha, tries = 0.05, 4000
    for rate in (0.002, 0.05, 0.4):
        bad = rng.binomial(300, rate, tries).tolist()
        reference_bad = rng.binomial(1000, rate, tries).tolist()
        wrong = sum(
            rise_p_value(x, 300, k, 1000) <= alpha for x, k in zip(bad, reference_bad, strict=True)
        )
        assert wrong / tries <= alpha + 3 * (alpha / tries) ** 0.5


def test_values_beyond_a_finite_references_range_are_expected_now_and_then() -> None:
    rng = np.random.default_rng(4)
    alpha, tries, wrong = 0.05, 4000, 0
    for _ in range(tries):
        reference, window = rng.random(50), rng.random(200)
        outside = int(((window < reference.min()) | (window > reference.max())).sum())
        wrong += outside_p_value(outside, 200, 50) <= alpha
    assert 0 < wrong / tries <= alpha + 3 * (alpha / tries) ** 0.5


@pytest.mark.parametrize(("rows", "reference_rows"), [(1, 1), (100, 5000), (5000, 100)])
def test_the_limit_of_the_range_is_the_last_count_that_is_no_alarm(
    rows: int, reference_rows: int
) -> None:
    quiet = outside_limit(rows, reference_rows, 1e-4, 0.0)
    assert quiet == 0 or outside_p_value(quiet, rows, reference_rows) > 1e-4
    assert quiet == rows or outside_p_value(quiet + 1, rows, reference_rows) <= 1e-4


def test_a_limit_without_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        rise_limit(0, 0, 10, 0.01, 0.0)
    with pytest.raises(ValueError, match="at least one row"):
        outside_limit(10, 0, 0.01, 0.0)


def test_the_least_rise_that_matters_counts_as_one() -> None:
    assert rise_limit(100, 70_000, 1_000_000, 0.9, 0.01) == 7  # 8 of 100 is 0.07 + 0.01
