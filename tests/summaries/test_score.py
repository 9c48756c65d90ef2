from __future__ import annotations

import math
from typing import Any

import numpy as np

from stream_monitor.summaries.score import score_column
from tests.summaries.strategies import batch_of


def scores_of(*rows: dict[str, Any]) -> list[object] | None:
    column = score_column(batch_of(rows))
    return None if column is None else list(column)


def test_a_score_that_was_sent_is_taken_as_it_is() -> None:
    assert scores_of({"score": 0.25, "scores": {"yes": 0.75}, "prediction": "yes"}) == [0.25]


def test_the_score_of_the_predicted_class_stands_in() -> None:
    assert scores_of({"scores": {"yes": 0.25, "no": 0.75}, "prediction": "yes"}) == [0.25]
    assert scores_of({"scores": {"1": 0.25, "0": 0.75}, "prediction": 1.0}) == [0.25]
    assert scores_of({"scores": {"true": 0.25, "false": 0.75}, "prediction": True}) == [0.25]


def test_the_largest_finite_score_stands_in_for_a_class_that_has_none() -> None:
    scores = {"a": 0.25, "b": 0.5, "c": math.nan, "d": True, "e": math.inf, "f": 10**400}
    assert scores_of({"scores": scores, "prediction": "yes"}, {"scores": scores}) == [0.5, 0.5]


def test_scores_without_a_number_are_passed_on_to_be_counted() -> None:
    rows: list[dict[str, Any]] = [
        {"scores": [0.5]},
        {"scores": {"a": "x"}},
        {"scores": {}},
        {"scores": None},
    ]
    assert scores_of(*rows) == [[0.5], {"a": "x"}, None, None]


def test_rows_with_and_without_a_score_may_share_a_batch() -> None:
    assert scores_of({"score": 0.5}, {"scores": {"a": 0.25}}, {}) == [0.5, 0.25, None]


def test_no_scores_are_no_column() -> None:
    assert scores_of({"prediction": "yes"}) is None


def test_an_array_of_scores_is_complete() -> None:
    batch = batch_of([{"scores": {"a": 0.25}}])
    array = np.array([0.5])
    whole = type(batch)("m", batch.offsets, batch.timestamps, {}, score=array, scores=batch.scores)
    assert score_column(whole) is array
