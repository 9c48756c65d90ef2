"""Which derived columns a table gets, and of which of its rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from stream_monitor.errors import DataError
from stream_monitor.reference.build import build
from stream_monitor.reference.cells import numbers
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.dependence import (
    AUTO_PAIRS,
    MAX_COMPONENTS,
    MAX_FEATURES,
    MAX_PAIRS_OF,
    MIN_ROWS,
    Dependence,
)
from stream_monitor.reference.derived import Components, Products
from stream_monitor.reference.model import NumericColumn, Reference, Role

AUTO, PAIRS, PCA, NONE = Dependence


def normal(features: int, rows: int = 1000, seed: int = 0) -> dict[str, Any]:
    table = np.random.default_rng(seed).normal(size=(features, rows))
    return {f"f{at}": column for at, column in enumerate(table)}


def made(columns: dict[str, Any], dependence: Dependence = AUTO, **options: Any) -> Reference:
    table = pa.table(columns)
    roles = assign_roles(table)
    reference = build("m", table, roles, created_ms=0, source="s", dependence=dependence, **options)
    assert decode(encode(reference)).derived == reference.derived
    return reference


def derived_ids(reference: Reference) -> list[str]:
    return [column.id for column in reference.columns if column.role is Role.DEPENDENCE]


def test_few_features_are_watched_by_their_pairs_and_more_by_their_components() -> None:
    few = made(normal(3))
    assert derived_ids(few) == ["dependence:f0*f1", "dependence:f0*f2", "dependence:f1*f2"]
    assert few.columns[-3:] == tuple(few.by_id[name] for name in derived_ids(few))
    assert few.sources(few.columns[-1]) == ("f1", "f2")
    assert len(derived_ids(made(normal(AUTO_PAIRS)))) == AUTO_PAIRS * (AUTO_PAIRS - 1) // 2
    many = made(normal(AUTO_PAIRS + 1))
    assert derived_ids(many) == ["dependence:reconstruction", "dependence:spread"]
    assert many.sources(many.columns[-1]) == tuple(normal(AUTO_PAIRS + 1))


def test_the_kind_can_be_chosen_and_none_is_the_default_of_the_library() -> None:
    assert isinstance(made(normal(4), PAIRS).derived, Products)
    assert isinstance(made(normal(2), PCA).derived, Components)
    assert made(normal(3), NONE).derived is None
    table = pa.table(normal(3))
    assert made(normal(3), NONE) == build("m", table, assign_roles(table), created_ms=0, source="s")


def test_only_numeric_features_take_part() -> None:
    kinds = {"c": ["u", "v"] * 500, "prediction": np.arange(1000) + 0.5, "score": [0.1, 0.2] * 500}
    assert derived_ids(made(normal(2) | kinds)) == ["dependence:f0*f1"]
    assert made(normal(1) | kinds).derived is None


def test_the_same_rows_options_and_seed_give_the_same_reference() -> None:
    assert made(normal(3)).hash == made(normal(3)).hash
    assert made(normal(3), seed=1).derived != made(normal(3)).derived
    hashes = {made(normal(8), how).hash for how in (PAIRS, PCA, NONE)}
    assert len(hashes) == 3


def test_the_columns_are_frozen_from_the_rows_their_formula_was_not_fitted_to() -> None:
    reference = made(normal(2, 1001), sample_size=2000)
    derived, column = reference.derived, reference.columns[-1]
    assert isinstance(derived, Products)
    assert isinstance(column, NumericColumn)
    (product,) = derived.of(list(normal(2, 1001).values()))
    frozen = np.isin(product, column.grid.points)
    assert column.rows == np.count_nonzero(frozen) == 501
    fitted = [values[~frozen] for values in normal(2, 1001).values()]
    inside = [
        np.clip(values, low, high)
        for values, low, high in zip(
            fitted, derived.standard.low, derived.standard.high, strict=True
        )
    ]
    assert_allclose(derived.standard.mean, np.mean(inside, axis=1))
    assert_allclose(derived.standard.sd, np.std(inside, axis=1))
    assert (column.minimum, column.maximum) == (product[frozen].min(), product[frozen].max())


def test_fresh_rows_are_like_the_frozen_ones_however_few_the_formula_was_fitted_to() -> None:
    """Frozen from the rows that the components were fitted to, all of them would be alarms."""
    features, rounds, level = 40, 40, 0.05
    alarms = 0
    for seed in range(rounds):
        reference = made(normal(features, 400, seed), PCA, seed=seed)
        derived, column = reference.derived, reference.by_id["dependence:reconstruction"]
        assert derived is not None
        assert isinstance(column, NumericColumn)
        fresh = derived.of(list(normal(features, 400, rounds + seed).values()))[0]
        sample = column.grid.points.repeat(column.grid.counts)
        alarms += bool(stats.ks_2samp(sample, fresh).pvalue < level)
    assert alarms <= stats.binom.ppf(0.999, rounds, level)


def test_the_leading_components_hold_nine_tenths_of_the_variance() -> None:
    random = np.random.default_rng(3)
    common = random.normal(size=(2, 4000))
    load = random.normal(size=(9, 2))
    table = load @ common + 0.1 * random.normal(size=(9, 4000))
    derived = made({f"f{at}": column for at, column in enumerate(table)}, PCA).derived
    assert isinstance(derived, Components)
    total = derived.variances.sum()
    assert len(derived.variances) == 2
    assert total >= 0.9 * len(derived.standard.sources)  # of standardised features, nearly
    assert_allclose(derived.axes @ derived.axes.T, np.eye(2), atol=1e-9)


def test_there_are_never_more_components_than_their_limit() -> None:
    derived = made(normal(50)).derived
    assert isinstance(derived, Components)
    assert len(derived.variances) == MAX_COMPONENTS


def test_a_feature_that_hardly_varies_or_is_often_missing_is_left_out() -> None:
    nearly = np.zeros(1000)
    nearly[:4] = [1.0, 2.5, 3.0, 1e300]
    gone = [None if at % 3 == 0 else at + 0.5 for at in range(1000)]
    columns = normal(2) | {"constant": np.full(1000, 2.5), "nearly": nearly, "gone": gone}
    assert derived_ids(made(columns)) == ["dependence:f0*f1"]


def test_a_feature_that_is_mostly_zero_takes_part() -> None:
    mostly = np.where(np.arange(1000) % 10 == 0, np.arange(1000) + 0.5, 0.0)
    assert derived_ids(made(normal(1) | {"mostly": mostly})) == ["dependence:f0*mostly"]


def test_a_row_without_a_feature_is_missing_in_what_is_computed_from_it() -> None:
    odd = [None, math.nan, math.inf, -math.inf]
    some = [odd[at // 10 % 4] if at % 10 == 0 else at + 0.5 for at in range(1000)]
    reference = made(normal(2) | {"some": some})
    missing = {
        column.id: column.missing for column in reference.columns if column.role is Role.DEPENDENCE
    }
    assert missing["dependence:f0*f1"] == 0.0
    assert missing["dependence:f0*some"] == missing["dependence:f1*some"]
    assert 0.05 < missing["dependence:f0*some"] < 0.15  # a tenth of the rows, halved at random


def test_huge_and_heavy_tailed_values_overflow_nothing() -> None:
    random = np.random.default_rng(0)
    columns = {
        "huge": random.choice([-1.7e308, -1e300, 1e300, 1.7e308], 1000) * random.random(1000),
        "tiny": random.normal(size=1000) * 1e-300,
        "subnormal": random.integers(-50, 50, 1000) * 5e-324,
        "cauchy": random.standard_cauchy(1000),
    }
    for how in (PAIRS, PCA):
        reference = made(columns, how)
        assert reference.derived is not None
        assert {"huge", "tiny", "cauchy"} <= set(reference.derived.standard.sources)
        for column in reference.columns[len(columns) :]:
            assert isinstance(column, NumericColumn)
            assert np.isfinite([column.minimum, column.maximum, column.mean, column.sd]).all()
            assert column.sd > 0.0


def test_features_that_are_one_and_the_same_are_no_trouble() -> None:
    x = normal(1)["f0"]
    for how in (PAIRS, PCA):
        reference = made({f"f{at}": x for at in range(6)}, how)
        assert reference.derived is not None
        assert all(column.missing == 0.0 for column in reference.columns)


@pytest.mark.parametrize("how", [PAIRS, PCA])
def test_too_few_rows_give_no_derived_columns(how: Dependence) -> None:
    assert made(normal(3, MIN_ROWS), how).derived is not None
    assert made(normal(3, MIN_ROWS - 1), how).derived is None
    # Many rows, but hardly any that has two of the features.
    some = normal(6, 2000)
    for at, column in enumerate(some.values()):
        column[np.arange(2000) % 6 == at] = math.nan
    assert (made(some, how).derived is None) == (how is PCA)  # pairs have two thirds of the rows


def test_too_many_features_are_refused_with_what_to_do_or_left_alone_by_auto() -> None:
    with pytest.raises(DataError, match=r"11 numeric features.* 10 at most.*--dependence pca"):
        made(normal(MAX_PAIRS_OF + 1), PAIRS)
    many = normal(MAX_FEATURES + 1, MIN_ROWS)
    with pytest.raises(DataError, match=r"257 numeric features.*--feature"):
        made(many, PCA)
    assert made(many).derived is None


def test_a_column_as_numbers_is_nan_wherever_it_has_none() -> None:
    for column, expected in (
        (["1.5", "x", None, "1e999"], [1.5, None, None, None]),
        ([1, None, 3], [1.0, None, 3.0]),
        ([0.5, math.inf, math.nan], [0.5, None, None]),
        ([True, False], [None, None]),
    ):
        found = numbers(pa.chunked_array([pa.array(column)]))
        assert [None if math.isnan(x) else x for x in found.tolist()] == expected
