from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.summaries.latency import LatencySummary


def of(*values: object) -> LatencySummary:
    return LatencySummary.of(values, len(values))


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 1e9)), min_size=1, max_size=50),
    st.floats(0.0, 1.0),
)
def test_a_quantile_is_within_one_percent(values: list[float], q: float) -> None:
    exact = sorted(values)[math.floor(q * (len(values) - 1))]
    answer = of(*values).quantile(q)
    assert answer is not None
    assert abs(answer - exact) <= 0.01 * exact * (1 + 1e-9)


def test_the_edges_of_all_buckets_keep_the_guarantee() -> None:
    value = 1e-3
    while value <= 1e9:
        for odd in (value, math.nextafter(value, 0.0), math.nextafter(value, math.inf)):
            answer = of(odd).quantile(0.5)
            assert answer is not None
            assert answer == pytest.approx(odd, rel=0.01 * (1 + 1e-9))
        value *= 1.01 / 0.99


def test_latencies_out_of_reach_are_clamped_but_counted() -> None:
    summary = of(1e-9, 1e12)
    assert summary.quantile(0.0) == 1e-3
    assert 1e9 <= (summary.quantile(1.0) or 0.0) < 1.03e9
    assert summary.n == 2


def test_what_is_no_latency_is_a_fact_and_in_no_quantile() -> None:
    summary = of(5.0, -1.0, -0.0, None, math.nan, math.inf, "7", True)
    facts = summary.facts
    assert (facts.rows, facts.missing, facts.nan, facts.infinite) == (8, 1, 1, 1)
    assert (facts.wrong_type, facts.out_of_range) == (2, 1)
    assert (summary.n, summary.zeros) == (2, 1)
    assert summary.quantile(0.0) == 0.0
    assert summary.quantile(1.0) == pytest.approx(5.0, rel=0.01)
    assert summary.mean() == 2.5


def test_no_latencies_have_no_quantile_and_no_mean() -> None:
    for summary in (LatencySummary.empty(), LatencySummary.of(None, 3), of(-1.0)):
        assert summary.quantile(0.5) is None
        assert summary.mean() is None


@pytest.mark.parametrize("q", [-0.1, 1.1, math.nan])
def test_a_quantile_outside_of_0_to_1_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        of(1.0).quantile(q)


def test_the_mean_is_rounded_only_once() -> None:
    assert of(1e15, 0.1, 0.1, 0.1).mean() == math.fsum([1e15, 0.1, 0.1, 0.1]) / 4
