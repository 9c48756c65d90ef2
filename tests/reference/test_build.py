"""From a table to a reference: kinds, samples, categories, task."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stream_monitor.errors import DataError
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.infer import infer_kind
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    Role,
    Task,
)


def made(columns: dict[str, Any], **options: Any) -> Reference:
    table = pa.table(columns)
    return build("m", table, assign_roles(table), created_ms=0, source="test", **options)


def numeric(reference: Reference, name: str = "x") -> NumericColumn:
    column = reference.by_id[f"feature:{name}"]
    assert isinstance(column, NumericColumn)
    return column


def categorical(reference: Reference, name: str = "x") -> CategoricalColumn:
    column = reference.by_id[f"feature:{name}"]
    assert isinstance(column, CategoricalColumn)
    return column


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.5, 1.5, 2.5], Kind.NUMERIC),
        ([1, 2, 3], Kind.NUMERIC),  # three codes for three rows: too many
        ([1, 2, 3] * 20, Kind.CATEGORICAL),
        ([1.0, 2.0, float("nan")] * 20, Kind.CATEGORICAL),
        ([1.0, 2.0, 2.5] * 20, Kind.NUMERIC),
        ([0, 1], Kind.CATEGORICAL),
        (list(range(20)) * 20, Kind.CATEGORICAL),
        (list(range(21)) * 100, Kind.NUMERIC),
        (["a", "b", None], Kind.CATEGORICAL),
        (["1", "2", "x"], Kind.CATEGORICAL),
        ([True, None], Kind.BOOLEAN),
    ],
)
def test_the_kind_follows_from_the_values(values: list[object], kind: Kind) -> None:
    assert infer_kind(pa.chunked_array([pa.array(values)]), "x") is kind


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (pa.nulls(3), "has no value"),
        (pa.array([None, None], pa.string()), "has no value"),
        (pa.array([np.nan, np.inf]), "has no finite value"),
        (pa.array([date(2020, 1, 1)]), "holds date32.*cannot be monitored"),
        (pa.array([[1]]), "holds list"),
        (pa.array([b"\xff"]), "holds binary"),
        (pa.array([*map(str, range(30)), "n.a."]), r"30 of its 31 values.*\('n.a.'\)"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(
    column: pa.Array, sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        infer_kind(pa.chunked_array([column]), "x")


def test_all_columns_that_cannot_be_used_are_named_at_once() -> None:
    with pytest.raises(DataError, match=r"'a' has no value.*'b' holds date32"):
        made({"a": pa.nulls(2), "b": [date(2020, 1, 1)] * 2, "c": ["u", "v"]})


@settings(deadline=None, max_examples=60)
@given(
    values=hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(width=64)),
    size=st.integers(1, 40),
    seed=st.integers(0, 3),
)
def test_a_numeric_sample_is_drawn_from_the_finite_values_without_replacement(
    values: np.ndarray, size: int, seed: int
) -> None:
    finite = values[np.isfinite(values)]
    options: dict[str, Any] = {"kinds": {"x": Kind.NUMERIC}, "sample_size": size, "seed": seed}
    if not len(finite):
        with pytest.raises(DataError, match="no finite"):
            made({"x": values}, **options)
        return
    column = numeric(made({"x": values}, **options))
    distinct = len(np.unique(finite))
    assert column.grid.total == (len(finite) if distinct <= size else size)
    for point, count in zip(column.grid.points, column.grid.counts, strict=True):
        assert 0 < count <= (finite == point).sum()
    assert column.minimum == finite.min()
    assert column.maximum == finite.max()
    assert column.missing == pytest.approx(1 - len(finite) / len(values))
    span = np.abs(finite).max()
    assert abs(column.mean) <= span
    assert 0 <= column.sd <= span


def test_a_column_of_few_distinct_numbers_keeps_all_its_rows() -> None:
    ages = np.random.default_rng(1).integers(18, 90, 20_000).astype(np.float64)
    column = numeric(made({"x": ages}, kinds={"x": Kind.NUMERIC}, sample_size=100))
    assert (column.grid.size, column.grid.total) == (72, 20_000)


def test_equal_rows_and_seed_give_an_equal_reference_and_another_seed_another() -> None:
    values = np.random.default_rng(1).normal(size=2000)
    columns = {"x": values, "y": values}
    first = made(columns, sample_size=100)
    assert made(columns, sample_size=100).hash == first.hash
    assert made(columns, sample_size=100, seed=1).hash != first.hash
    assert numeric(made({"y": values}, sample_size=100), "y").grid == numeric(first, "y").grid


def test_a_sample_is_uniform_over_the_rows() -> None:
    hits = np.zeros(200)
    for seed in range(300):
        column = numeric(made({"x": np.arange(200) + 0.5}, sample_size=20, seed=seed))
        hits[column.grid.points.astype(int)] += 1
    # 30 expected for each row, sd 5.2: six of them on either side
    assert hits.min() > 0
    assert abs(hits - 30).max() < 32
    assert abs(hits[:100].sum() - 3000) < 250


def test_moments_match_numpy_and_do_not_overflow() -> None:
    values = np.random.default_rng(2).normal(5, 3, 500)
    column = numeric(made({"x": values}))
    assert column.mean == pytest.approx(values.mean())
    assert column.sd == pytest.approx(values.std())
    huge = numeric(made({"x": [1.7e308, -1.7e308, 1.5]}, kinds={"x": Kind.NUMERIC}))
    assert np.isfinite([huge.mean, huge.sd]).all()


def test_a_constant_and_a_column_with_infinities_are_kept() -> None:
    reference = made({"x": [2.5] * 50, "y": [0.5, np.inf, -np.inf, 1.25, np.nan] * 10})
    assert (numeric(reference).sd, numeric(reference).grid.size) == (0.0, 1)
    assert numeric(reference, "y").missing == pytest.approx(0.6)
    assert numeric(reference, "y").maximum == 1.25


def test_minus_zero_and_zero_are_one_value() -> None:
    column = numeric(made({"x": [-0.0, 0.0, 1.5]}))
    assert column.grid.points.tolist() == [0.0, 1.5]
    assert not np.signbit(column.minimum)


def test_categories_are_counted_most_frequent_first_and_cut_at_the_limit() -> None:
    column = categorical(made({"x": ["b", "a", "c", "b", "d", None]}, max_categories=2))
    assert column.categories == ("b", "a")
    assert column.counts.tolist() == [2, 1]
    assert column.other == 2
    assert column.missing == pytest.approx(1 / 6)


def test_whole_floats_and_integers_are_the_same_category() -> None:
    columns = {"x": [1.0, 2.0] * 40, "y": [1, 2] * 40}
    reference = made(columns)
    assert categorical(reference).categories == categorical(reference, "y").categories == ("1", "2")


def test_a_boolean_has_both_values_even_if_one_never_came() -> None:
    column = categorical(made({"x": [True, True, None]}))
    assert column.kind is Kind.BOOLEAN
    assert column.categories == ("false", "true")
    assert column.counts.tolist() == [0, 2]


def test_the_kind_given_wins() -> None:
    reference = made(
        {"x": [1, 2, 3], "y": [0, 1, 1], "z": ["1", "2.5", "n.a."]},
        kinds={"x": Kind.CATEGORICAL, "y": Kind.BOOLEAN, "z": Kind.NUMERIC},
    )
    assert categorical(reference).categories == ("1", "2", "3")
    assert categorical(reference, "y").counts.tolist() == [1, 2]
    assert numeric(reference, "z").grid.points.tolist() == [1.0, 2.5]
    assert numeric(reference, "z").missing == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [
        ({"y": Kind.NUMERIC}, "'y', which is no column in use"),
        ({"x": Kind.BOOLEAN}, "'x' has no usable value"),
        ({"x": Kind.NUMERIC}, "'x' has no finite number"),
    ],
)
def test_a_kind_that_does_not_fit_is_refused(kinds: dict[str, Kind], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        made({"x": ["u", "v"]}, kinds=kinds)


def test_more_features_than_a_reference_may_have_are_refused() -> None:
    with pytest.raises(DataError, match="10,001 features"):
        made({f"f{i}": [1.5] for i in range(10_001)})


def test_a_table_of_which_nothing_is_monitored_is_refused() -> None:
    with pytest.raises(DataError, match="nothing to monitor"):
        made({"label": [0, 1]})


def test_prediction_and_score_are_columns_of_their_roles() -> None:
    reference = made({"x": ["a", "b"], "prediction": [0, 1], "score": [0, 1]})
    assert [column.role for column in reference.columns] == [
        Role.FEATURE,
        Role.PREDICTION,
        Role.SCORE,
    ]
    assert reference.by_id["score"].kind is Kind.NUMERIC
    assert reference.features == reference.columns[:1]
    assert (reference.task, reference.classes, reference.positive) == (
        Task.BINARY,
        ("0", "1"),
        "1",
    )


@pytest.mark.parametrize(
    ("prediction", "label", "task", "classes", "positive"),
    [
        (["no", "yes"] * 10, None, Task.BINARY, ("no", "yes"), "yes"),
        (["good", "bad"] * 10, None, Task.BINARY, ("bad", "good"), "good"),
        ([True, False] * 10, None, Task.BINARY, ("false", "true"), "true"),
        ([1, 2] * 20, None, Task.BINARY, ("1", "2"), "1"),
        ([2, 10, 1] * 20, None, Task.MULTICLASS, ("1", "2", "10"), None),
        (["a", "a"], ["a", "b"], Task.BINARY, ("a", "b"), "b"),
        (["a", "b"], ["a", "c"], Task.MULTICLASS, ("a", "b", "c"), None),
        (["a", "a"], None, Task.UNKNOWN, ("a",), None),
        ([0.5, 1.5], None, Task.REGRESSION, (), None),
        ([1, 2] * 30, [1.5, 2.25] * 30, Task.REGRESSION, (), None),
        ([1.5, 2.25] * 30, [1, 2, 3] * 20, Task.REGRESSION, (), None),
        ([0, 1], pa.nulls(2), Task.BINARY, ("0", "1"), "1"),
    ],
)
def test_the_task_follows_from_predictions_and_labels(
    prediction: list[object],
    label: list[object] | None,
    task: Task,
    classes: tuple[str, ...],
    positive: str | None,
) -> None:
    columns: dict[str, Any] = {"prediction": prediction}
    if label is not None:
        columns["label"] = label
    reference = made(columns)
    assert (reference.task, reference.classes, reference.positive) == (task, classes, positive)
    if task is Task.REGRESSION:
        assert reference.by_id["prediction"].kind is Kind.NUMERIC
    assert [column.id for column in reference.columns] == ["prediction"]


@pytest.mark.parametrize(
    ("prediction", "label", "sentence"),
    [
        ([0.25, 0.75], [0, 1], r"it is the score \(--score\)"),
        (["a", "b"], ["c", "d"], "nothing in common"),
        (["a", "b"], [0.5, 1.5], "'prediction' holds classes and 'label' holds numbers"),
    ],
)
def test_predictions_and_labels_that_do_not_belong_together_are_refused(
    prediction: list[object], label: list[object], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        made({"prediction": prediction, "label": label})


def test_the_positive_class_given_must_be_a_class() -> None:
    assert made({"prediction": [0, 1]}, positive="0").positive == "0"
    with pytest.raises(DataError, match="'2' is none of the classes 0, 1"):
        made({"prediction": [0, 1]}, positive="2")
    with pytest.raises(DataError, match="the predictions are no classes"):
        made({"prediction": [0.5, 1.5]}, positive="1")


def test_progress_counts_the_columns() -> None:
    seen: list[tuple[int, int]] = []
    made({"x": ["a"], "y": ["b"]}, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
