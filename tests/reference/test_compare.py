"""How far two references lie apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stream_monitor.reference.compare import compare, ks_distance, share_distance
from stream_monitor.reference.model import Kind
from stream_monitor.statistics.grid import Grid
from tests.detectors.worlds import categorical, normal, numeric, reference

SAMPLES = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-5, 5)), min_size=2)
COUNTS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9), min_size=1).filter(
    lambda counts: sum(counts.values()) > 0
)


@given(SAMPLES, SAMPLES)
def test_the_ks_distance_is_scipys(before: list[float], now: list[float]) -> None:
    found = ks_distance(Grid.from_sample(before), Grid.from_sample(now))
    assert found == pytest.approx(stats.ks_2samp(before, now, method="asymp").statistic, abs=1e-12)


@given(COUNTS, COUNTS, st.integers(0, 9), st.integers(0, 9))
def test_the_distance_of_shares_is_the_largest_change(
    before: dict[str, int], now: dict[str, int], other: int, more: int
) -> None:
    a, b = before | {"(other)": other}, now | {"(other)": more}
    expected = max(
        abs(a.get(c, 0) / sum(a.values()) - b.get(c, 0) / sum(b.values())) for c in a.keys() | b
    )
    found = share_distance(categorical("c", before, other=other), categorical("c", now, other=more))
    assert found == pytest.approx(expected)


def test_what_moved_most_comes_first_and_what_has_no_pair_last() -> None:
    old = reference(
        numeric("still", normal(1, 500)),
        numeric("gone", normal(2, 500)),
        numeric("far", normal(3, 500), missing=500),
        categorical("mix", {"a": 50, "b": 50}),
    )
    new = reference(
        numeric("far", normal(4, 500, mean=5.0)),
        numeric("still", normal(1, 500)),
        categorical("mix", {"a": 70, "b": 30}),
        categorical("fresh", {"a": 1}),
    )
    moved = compare(old, new)
    assert [m.column for m in moved[:3]] == ["feature:far", "feature:mix", "feature:still"]
    assert {m.column for m in moved[3:]} == {"feature:gone", "feature:fresh"}
    assert (moved[0].missing_before, moved[0].missing_now) == (0.5, 0.0)
    assert moved[0].mean_now == pytest.approx(5.0, abs=0.2)
    assert moved[1].distance == pytest.approx(0.2)
    assert moved[2].distance == 0.0
    assert all(m.distance is None for m in moved[3:])


def test_a_column_of_another_kind_has_no_distance() -> None:
    old = reference(numeric("x", [1.0, 2.0]))
    new = reference(categorical("x", {"false": 1, "true": 2}, kind=Kind.BOOLEAN))
    (moved,) = compare(old, new)
    assert (moved.kind, moved.distance) == ("numeric → boolean", None)


def test_references_of_two_models_are_not_compared() -> None:
    old = reference(numeric("x", np.arange(3.0)))
    with pytest.raises(ValueError, match="two models: fraud and churn"):
        compare(old, replace(old, model="churn"))
