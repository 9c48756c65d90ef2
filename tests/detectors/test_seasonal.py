"""A window against the mixture of its strata, and against a direct computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.detectors.seasonal import seasonal_effect
from stream_monitor.statistics.categorical import l_infinity
from stream_monitor.statistics.grid import Grid
from stream_monitor.statistics.ks import ks_statistic
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.numeric import NumericSummary
from tests.detectors.worlds import categorical, numeric

values = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30)
window_values = st.lists(st.floats(-6, 6).map(lambda x: x + 0.0), min_size=1, max_size=30)


def at(values: list[float], x: float) -> float:
    return sum(value <= x for value in values) / len(values)


@given(values, values, window_values, st.integers(0, 20), st.integers(1, 20))
def test_it_is_the_greatest_difference_from_the_mixture_at_any_point(
    night: list[float], day: list[float], stream: list[float], n_night: int, n_day: int
) -> None:
    column = numeric("x", [*night, *day])
    grid = column.grid
    counts = {
        name: np.array([of.count(point) for point in grid.points])
        for name, of in (("night", night), ("day", day))
    }
    window = NumericSummary.of(np.array(stream), grid)
    share = n_night / (n_night + n_day)
    ends = {float(x) for x in (*night, *day, *stream)}
    near = ends | {float(np.nextafter(x, -np.inf)) for x in ends}
    direct = max(abs(at(stream, x) - share * at(night, x) - (1 - share) * at(day, x)) for x in near)
    found = seasonal_effect(column, counts, window, {"night": n_night, "day": n_day})
    assert found == pytest.approx(direct, abs=1e-12)


@given(values, window_values)
def test_one_stratum_of_all_rows_is_the_whole_reference(
    reference: list[float], stream: list[float]
) -> None:
    column = numeric("x", reference)
    window = NumericSummary.of(np.array(stream), column.grid)
    whole = ks_statistic(column.grid, window.counts)
    for counts in ({"all": column.grid.counts}, {}, {"all": 0 * column.grid.counts}):
        assert seasonal_effect(column, counts, window, {"all": 7}) == pytest.approx(
            whole, abs=1e-12
        )


def test_categories_are_held_against_the_mixture_of_shares() -> None:
    column = categorical("c", {"a": 60, "b": 40}, other=0)
    counts = {"night": np.array([50, 0, 0]), "day": np.array([10, 40, 0])}
    window = CategoricalSummary.of({"a": 2, "b": 1, "new": 1}, column.categories, column.index)
    found = seasonal_effect(column, counts, window, {"night": 1, "day": 3})
    expected = np.array([0.25 + 0.75 * 0.2, 0.75 * 0.8, 0.0])
    assert found == pytest.approx(np.abs(np.array([0.5, 0.25, 0.25]) - expected).max())
    pooled = l_infinity(np.array([60, 40, 0]), np.array([2, 1, 1]))
    assert seasonal_effect(column, {}, window, {"day": 4}) == pytest.approx(pooled)


def test_a_window_like_its_stratum_has_no_effect_though_it_is_far_from_the_whole() -> None:
    column = numeric("x", [*range(100), *range(1000, 1300)])
    night = column.grid.counts * (column.grid.points < 500)
    window = NumericSummary.of(np.arange(100, dtype=np.float64), column.grid)
    assert seasonal_effect(column, {"night": night}, window, {"night": 100}) < 1e-9
    assert seasonal_effect(column, {}, window, {"night": 100}) == pytest.approx(0.75)


def test_what_cannot_be_compared_is_refused() -> None:
    column = numeric("x", [1.0, 2.0])
    window = NumericSummary.of(np.array([1.0]), column.grid)
    for rows in ({}, {"a": 0}, {"a": -1, "b": 2}):
        with pytest.raises(ValueError, match="at least one and none below 0"):
            seasonal_effect(column, {}, window, rows)
    with pytest.raises(ValueError, match="are not of"):
        seasonal_effect(column, {"a": np.array([1])}, window, {"a": 1})
    with pytest.raises(ValueError, match="no values"):
        seasonal_effect(column, {}, NumericSummary.empty(column.grid), {"a": 1})
    with pytest.raises(ValueError, match="not counted on the reference"):
        seasonal_effect(column, {}, NumericSummary.empty(Grid.from_sample([1.0])), {"a": 1})
    with pytest.raises(TypeError, match="not of its kind"):
        seasonal_effect(column, {}, CategoricalSummary.empty(("a",)), {"a": 1})
