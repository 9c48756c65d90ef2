from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from stream_monitor.errors import DataError, UnlikeSummaryError
from stream_monitor.events.batch import EventBatch
from stream_monitor.reference.model import NO_REFERENCE, Kind, Role
from stream_monitor.summaries.categorical import CategoricalSummary
from stream_monitor.summaries.codec import seal, unseal
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.facts import Facts
from stream_monitor.summaries.model import ModelSummary, ModelWire
from stream_monitor.summaries.numeric import NumericSummary
from tests.summaries.strategies import (
    COMPONENTS,
    GRID,
    NUMBER,
    OTHER_REFERENCE,
    PRODUCTS,
    REFERENCE,
    batch_of,
    categorical_column,
    reference,
)

EVENTS: list[dict[str, Any]] = [
    {
        "features": {"number": 0.5, "name": "a", "flag": True, "new": 1.0},
        "prediction": "yes",
        "score": 0.5,
        "latency_ms": 3.0,
        "ground_truth": "yes",
        "prediction_ids": "id-1",
    },
    {
        "features": {"number": 9.0, "name": "z"},
        "prediction": "no",
        "scores": {"no": 0.75},
        "ground_truth": "yes",
        "prediction_ids": "id-1",
    },
    {"features": {"new": None, "newer": []}, "prediction": "no"},
]


def test_each_role_is_read_from_its_place_in_the_batch() -> None:
    summary = ModelSummary.of(batch_of(EVENTS), REFERENCE)
    columns = summary.columns
    assert summary.rows == 3
    assert summary.fingerprint == REFERENCE.hash
    assert columns["feature:number"].facts == Facts(rows=3, missing=1, out_of_range=1)
    assert columns["feature:name"].facts == Facts(rows=3, missing=1, unseen=1)
    assert columns["feature:flag"].facts == Facts(rows=3, missing=2)
    assert columns["prediction"].facts == Facts(rows=3)
    assert columns["score"].facts == Facts(rows=3, missing=1)
    predicted = columns["prediction"].distribution
    assert isinstance(predicted, CategoricalSummary)
    assert predicted.counts.tolist() == [2, 1]


def test_what_needs_no_reference_is_summarised_with_and_without_one() -> None:
    for of in (REFERENCE, None):
        summary = ModelSummary.of(batch_of(EVENTS), of)
        assert summary.ids.total == 2
        assert summary.ids.duplicates().share == 0.5
        assert summary.latency.facts == Facts(rows=3, missing=2)
        assert (
            summary.traffic.total.performance.confusion.labelled,
            summary.traffic.total.performance.confusion.correct,
        ) == (2, 1)


def test_features_the_reference_does_not_know_are_named_with_their_rows() -> None:
    summary = ModelSummary.of(batch_of(EVENTS), REFERENCE)
    assert summary.unknown_features.most_common() == [("new", 1), ("newer", 1)]


def test_without_a_reference_every_feature_is_unknown_and_there_are_no_columns() -> None:
    summary = ModelSummary.of(batch_of(EVENTS), None)
    assert summary.fingerprint == NO_REFERENCE
    assert summary.columns == {}
    assert dict(summary.unknown_features.most_common()) == {
        "number": 2,
        "name": 2,
        "flag": 1,
        "new": 1,
        "newer": 1,
    }


def test_a_feature_called_prediction_is_not_the_prediction() -> None:
    of = reference("1111111111111111", categorical_column(Role.FEATURE, "prediction", ("no",)))
    rows = [{"features": {"prediction": "no"}, "prediction": "yes"}]
    summary = ModelSummary.of(batch_of(rows), of)
    assert summary.columns["feature:prediction"].facts == Facts(rows=1)
    assert summary.unknown_features.total == 0


def test_a_derived_column_is_missing_where_one_of_its_features_has_no_usable_value() -> None:
    odd = [1.0, None, float("nan"), float("inf"), "x", True, 10**400]
    rows = [{"features": {"number": value, "unknown": 2.0}} for value in odd]
    rows += [{"features": {"number": 1.0}}, {}, {"features": {"number": 1e300, "unknown": -1e300}}]
    # (1 - .25) / 1 · (2 - .5) / 1.5, and what is far out drawn in to 2 and -3
    values = [0.75 * 1.0, 1.75 * (-3.5 / 1.5)]
    summary = ModelSummary.of(batch_of(rows), PRODUCTS)
    column = summary.columns["dependence:number*unknown"]
    assert column.facts == Facts(rows=10, missing=8, out_of_range=1)
    assert column.distribution == NumericSummary.of(np.array(values), GRID)
    assert summary.columns["feature:number"] == ColumnSummary.of(
        [*odd, 1.0, None, 1e300], 10, NUMBER
    )
    assert summary.unknown_features.total == 0


def test_columns_of_an_array_are_derived_as_those_of_a_list() -> None:
    numbers = np.array([0.5, 9.0, np.nan, -1.0])
    for of in (PRODUCTS, COMPONENTS):
        arrays, lists = (
            ModelSummary.of(
                EventBatch("m", np.arange(4), np.arange(4), {"number": raw, "unknown": raw}), of
            )
            for raw in (numbers, numbers.tolist())
        )
        assert arrays.to_state() == lists.to_state()
        assert arrays.columns.keys() == of.by_id.keys()


def test_a_derived_column_that_is_not_numeric_is_a_mistake() -> None:
    column = categorical_column(Role.DEPENDENCE, "number*unknown", ("a",))
    with pytest.raises(TypeError, match="not numeric"):
        ColumnSummary.of_derived(np.zeros(1), column)


def test_labels_of_a_boolean_prediction_match_however_they_are_written() -> None:
    column = categorical_column(Role.PREDICTION, "prediction", ("false", "true"), Kind.BOOLEAN)
    rows: list[dict[str, Any]] = [
        {"prediction": True, "ground_truth": 1},
        {"prediction": "false", "ground_truth": 0.0},
    ]
    summary = ModelSummary.of(batch_of(rows), reference("2222222222222222", column))
    assert summary.traffic.total.performance.confusion.correct == 2


def test_columns_straight_from_arrow_are_summarised_as_lists_are() -> None:
    numbers = np.array([0.5, 9.0, np.nan])
    batches = [
        EventBatch(
            "m",
            np.arange(3),
            np.arange(3),
            {"number": raw(numbers), "new": raw(numbers)},
            score=raw(numbers),
            latency_ms=raw(numbers),
            prediction_ids=raw(np.array([1, 2, 2])),
        )
        for raw in (np.asarray, np.ndarray.tolist)
    ]
    arrays, lists = (ModelSummary.of(batch, REFERENCE) for batch in batches)
    assert arrays == lists
    assert arrays.to_state() == lists.to_state()


def test_a_bare_summary_with_its_samples_is_whole_again() -> None:
    summary = ModelSummary.of(batch_of(EVENTS), REFERENCE)
    assert summary.bare() != summary
    assert summary.bare().with_samples(summary.samples) == summary


def test_samples_do_not_subtract() -> None:
    summary = ModelSummary.of(batch_of(EVENTS), REFERENCE)
    with pytest.raises(ValueError, match="bare"):
        summary.subtract(summary)


def test_a_state_of_another_reference_is_refused() -> None:
    state = ModelSummary.empty(REFERENCE).to_state()
    for of in (OTHER_REFERENCE, None):
        with pytest.raises(UnlikeSummaryError, match=REFERENCE.hash):
            ModelSummary.from_state(state, of)


def test_a_state_without_one_of_its_columns_is_refused() -> None:
    wire = unseal(ModelSummary.empty(REFERENCE).to_state(), ModelWire)
    columns = {name: column for name, column in wire.columns.items() if name != "score"}
    broken = msgspec.structs.replace(wire, columns=columns)
    with pytest.raises(DataError, match="columns"):
        ModelSummary.from_state(seal(broken), REFERENCE)


def test_an_empty_summary_has_every_column_of_its_reference() -> None:
    summary = ModelSummary.empty(REFERENCE)
    assert summary.columns.keys() == REFERENCE.by_id.keys()
    assert all(isinstance(column, ColumnSummary) for column in summary.columns.values())
