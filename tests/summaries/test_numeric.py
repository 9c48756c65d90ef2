from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.summaries.numeric import NumericSummary
from tests.summaries.strategies import GRID, floats


@settings(deadline=None)
@given(st.lists(floats, max_size=30))
def test_counts_are_those_of_each_point_and_of_each_gap(values: list[float]) -> None:
    summary = NumericSummary.of(np.array(values, dtype=np.float64), GRID)
    points = GRID.points.tolist()
    edges = [-math.inf, *points, math.inf]
    gaps = [
        sum(
            (left < v or v == left == -math.inf) and (v < right or v == right == math.inf)
            for v in values
        )
        for left, right in itertools.pairwise(edges)
    ]
    assert summary.counts[1::2].tolist() == [values.count(point) for point in points]
    assert summary.counts[0::2].tolist() == gaps
    assert summary.n == len(values)


@pytest.mark.parametrize("values", [[math.nan], [1.0, math.nan, -math.inf]])
def test_nan_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="NaN is a fact"):
        NumericSummary.of(np.array(values), GRID)


def test_the_values_given_are_left_as_they_were() -> None:
    values = np.array([2.0, -1.0, 0.5])
    NumericSummary.of(values, GRID)
    assert values.tolist() == [2.0, -1.0, 0.5]


def test_only_what_is_not_zero_takes_room_in_the_state() -> None:
    one = NumericSummary.of(np.array([0.25]), GRID)
    assert len(one.to_state()) < 100


def test_arrays_of_a_summary_cannot_be_changed() -> None:
    summary = NumericSummary.of(np.array([0.25]), GRID)
    read = NumericSummary.from_state(summary.to_state(), GRID)
    for one in (summary, summary.merge(summary), read, NumericSummary.empty(GRID)):
        with pytest.raises(ValueError, match="read-only"):
            one.counts[0] = 7
        with pytest.raises(ValueError, match="read-only"):
            one.gap_units[0] = 7
