from __future__ import annotations

import pytest

from stream_monitor.summaries.categorical import CategoricalSummary

CATEGORIES = ("a", "b")
INDEX = {"a": 0, "b": 1}


def test_unseen_values_are_counted_apart_and_named() -> None:
    summary = CategoricalSummary.of({"b": 3, "x": 2, "y": 1}, CATEGORIES, INDEX)
    assert summary.counts.tolist() == [0, 3]
    assert (summary.n, summary.unseen) == (6, 3)
    assert summary.unseen_names.most_common() == [("x", 2), ("y", 1)]


def test_an_empty_vocabulary_has_seen_nothing() -> None:
    summary = CategoricalSummary.of({"a": 2}, (), {})
    assert (summary.n, summary.unseen, len(summary.counts)) == (2, 2, 0)
    assert CategoricalSummary.from_state(summary.to_state(), ()) == summary


def test_names_do_not_subtract() -> None:
    summary = CategoricalSummary.of({"x": 1}, CATEGORIES, INDEX)
    with pytest.raises(ValueError, match="bare"):
        summary.subtract(summary)


def test_a_bare_summary_with_its_names_is_whole_again() -> None:
    summary = CategoricalSummary.of({"a": 1, "x": 1}, CATEGORIES, INDEX)
    assert summary.bare() != summary
    assert summary.bare().with_names(summary.unseen_names) == summary


def test_a_vocabulary_of_many_unseen_names_keeps_a_bounded_sample() -> None:
    counted = {f"name {i}": 1 for i in range(1000)}
    summary = CategoricalSummary.of(counted, CATEGORIES, INDEX)
    assert summary.unseen == 1000
    assert len(summary.unseen_names.texts or ()) == 64
