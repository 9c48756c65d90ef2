from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.reference.model import Role
from stream_monitor.statistics.grid import Grid
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.facts import Facts
from tests.summaries.strategies import FLAG, NAME, NUMBER, numeric_column, values


def test_unusable_numbers_are_facts_and_reach_no_distribution() -> None:
    raw = [0.5, None, math.nan, math.inf, -math.inf, "1", True, 2]
    summary = ColumnSummary.of(raw, len(raw), NUMBER)
    assert summary.facts == Facts(rows=8, missing=1, nan=1, infinite=2, wrong_type=2)
    assert summary.distribution.n == summary.facts.usable == 2


def test_out_of_range_is_beyond_the_extremes_and_not_at_them() -> None:
    low, high = NUMBER.minimum, NUMBER.maximum
    raw = [low, high, math.nextafter(low, -9.0), math.nextafter(high, 9.0), 1e308]
    summary = ColumnSummary.of(raw, len(raw), NUMBER)
    assert summary.facts.out_of_range == 3
    assert summary.distribution.n == 5


def test_a_reference_column_without_values_has_no_range_to_leave() -> None:
    column = replace(
        numeric_column(Role.FEATURE, "empty", Grid.from_sample([])),
        minimum=math.nan,
        maximum=math.nan,
    )
    summary = ColumnSummary.of([1.0, -1.0], 2, column)
    assert (summary.facts.out_of_range, summary.distribution.n) == (0, 2)
    assert ColumnSummary.from_state(summary.to_state(), column) == summary


def test_a_column_the_batch_does_not_have_is_missing_in_every_row() -> None:
    for column in (NUMBER, NAME, FLAG):
        summary = ColumnSummary.of(None, 4, column)
        assert summary.facts == Facts(rows=4, missing=4)
        assert summary.distribution.n == 0


def test_an_array_and_a_list_of_the_same_numbers_are_one_summary() -> None:
    numbers = np.array([0.5, math.nan, math.inf, 7.0])
    assert ColumnSummary.of(numbers, 4, NUMBER) == ColumnSummary.of(numbers.tolist(), 4, NUMBER)
    assert ColumnSummary.of(numbers, 4, NAME) == ColumnSummary.of(numbers.tolist(), 4, NAME)


def test_categories_are_counted_by_their_canonical_text() -> None:
    raw = ["a", 1, 1.0, "c", None, []]
    summary = ColumnSummary.of(raw, len(raw), NAME)
    assert isinstance(summary.distribution, CategoricalSummary)
    assert summary.distribution.counts.tolist() == [1, 0, 2]
    assert summary.facts == Facts(rows=6, missing=1, wrong_type=1, unseen=1)


def test_a_boolean_column_takes_zero_one_and_the_words() -> None:
    raw = [True, 0, 1.0, "FALSE", "yes", 2]
    summary = ColumnSummary.of(raw, len(raw), FLAG)
    assert isinstance(summary.distribution, CategoricalSummary)
    assert summary.distribution.counts.tolist() == [2, 2]
    assert summary.facts == Facts(rows=6, wrong_type=2)


@settings(deadline=None)
@given(st.lists(values, max_size=30))
def test_every_row_is_a_fact_or_in_the_distribution(raw: list[object]) -> None:
    for column in (NUMBER, NAME, FLAG):
        summary = ColumnSummary.of(raw, len(raw), column)
        assert summary.facts.rows == len(raw)
        assert summary.facts.usable == summary.distribution.n


def test_a_numeric_column_has_no_names_to_be_given() -> None:
    names = ColumnSummary.empty(NAME).unseen_names
    assert names is not None
    with pytest.raises(ValueError, match="no unseen names"):
        ColumnSummary.empty(NUMBER).with_names(names)
    assert ColumnSummary.empty(NAME).with_names(names) == ColumnSummary.empty(NAME)
