"""The formulas of derived columns: by hand, cut anywhere, and on hostile values."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import mahalanobis

from stream_monitor.reference.derived import Components, Derived, Products, Standard
from stream_monitor.statistics.arrays import FloatArray

LARGEST = sys.float_info.max


def standard_of(features: int, **changes: Any) -> Standard:
    figures = {
        "sources": tuple(f"f{at}" for at in range(features)),
        "low": np.full(features, -3.0),
        "high": np.linspace(3.0, 5.0, features),
        "mean": np.linspace(-1.0, 1.0, features),
        "sd": np.linspace(0.5, 2.0, features),
    }
    return Standard(**(figures | changes))


def products_of(features: int) -> Products:
    left, right = np.triu_indices(features, 1)
    return Products(standard_of(features), np.stack((left, right), axis=1))


def components_of(features: int, leading: int, seed: int = 0) -> Components:
    """Components in orthonormal directions drawn at random."""
    square = np.random.default_rng(seed).normal(size=(features, features))
    axes = np.linalg.qr(square)[0].T[:leading]
    return Components(standard_of(features), axes, np.linspace(2.0, 0.5, leading))


FORMULAS: list[Derived] = [products_of(4), components_of(4, 2), components_of(40, 21)]


def rows_of(derived: Derived, seed: int, rows: int) -> list[FloatArray]:
    random = np.random.default_rng(seed)
    return [random.normal(size=rows) for _ in derived.standard.sources]


def test_a_product_is_of_deviations_from_what_was_usual() -> None:
    derived = Products(
        Standard(
            ("a", "b"),
            np.array([-10.0, 0.0]),
            np.array([10.0, 8.0]),
            np.array([1.0, 2.0]),
            np.array([2.0, 0.5]),
        ),
        np.array([[0, 1]]),
    )
    (product,) = derived.of([np.array([3.0, 99.0, -1.0]), np.array([3.0, -7.0, math.nan])])
    # 99 is drawn in to 10, and -7 to 0.
    assert product[:2].tolist() == [2.0, 4.5 * -4.0]
    assert math.isnan(product[2])


def test_components_are_the_lengths_of_a_row_inside_and_outside_their_axes() -> None:
    derived = components_of(6, 3)
    columns = rows_of(derived, 1, 50)
    reconstruction, spread = derived.of(columns)
    table = np.stack([derived.standard.of(at, column) for at, column in enumerate(columns)])
    inside = derived.axes.T @ derived.axes @ table
    assert_allclose(reconstruction, np.linalg.norm(table - inside, axis=0))
    inverse = np.diag(1 / derived.variances)
    scores = (derived.axes @ table).T
    assert_allclose(spread, [mahalanobis(score, np.zeros(3), inverse) for score in scores])


@pytest.mark.parametrize("derived", FORMULAS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_row_has_the_same_bits_whatever_rows_it_is_computed_with(
    derived: Derived, data: st.DataObject
) -> None:
    rows = data.draw(st.sampled_from([1, 2, 3, 7, 8, 9, 64, 1023, 1025, 2500]))
    cuts = data.draw(st.sets(st.integers(0, rows), max_size=6))
    columns = rows_of(derived, data.draw(st.integers(0, 99)), rows)
    whole = derived.of(columns)
    edges = sorted({0, rows} | cuts)
    parts = [derived.of([column[a:b] for column in columns]) for a, b in pairwise(edges)]
    for at, column in enumerate(whole):
        assert np.concatenate([part[at] for part in parts]).tobytes() == column.tobytes()
    # Nor does it matter how the columns lie in memory.
    strided = derived.of(list(np.stack(columns, axis=1).T))
    assert [column.tobytes() for column in strided] == [column.tobytes() for column in whole]


@pytest.mark.parametrize("derived", FORMULAS[:2])
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_any_finite_values_give_finite_ones_and_a_missing_one_takes_its_rows(
    derived: Derived, data: st.DataObject
) -> None:
    cell = st.floats(allow_infinity=False, allow_nan=True)
    rows = data.draw(st.integers(0, 5))
    columns = [
        np.array(data.draw(st.lists(cell, min_size=rows, max_size=rows)), dtype=np.float64)
        for _ in derived.standard.sources
    ]
    given_of = dict(zip(derived.standard.sources, columns, strict=True))
    made = derived.of(columns)
    assert len(made) == len(derived.inputs)
    for sources, values in zip(derived.inputs.values(), made, strict=True):
        lacking = np.isnan([given_of[name] for name in sources]).any(axis=0)
        assert np.isnan(values).tolist() == lacking.tolist()
        assert np.isfinite(values[~lacking]).all()


def test_the_names_of_products_differ_whatever_their_features_are_called() -> None:
    names = ("a", "a*b", "b*c", "c", "a\\", "\\*c", "*")
    derived = Products(
        standard_of(len(names), sources=names),
        np.stack(np.triu_indices(len(names), 1), axis=1),
    )
    assert len(derived.inputs) == len(names) * (len(names) - 1) // 2
    assert derived.inputs["a*c"] == ("a", "c")


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": ("a", "a")},
        {"sources": ("a", "b", "c")},
        {"low": np.array([-3.0, math.nan])},
        {"high": np.array([3.0, math.inf])},
        {"mean": np.array([0.0, 9.0])},
        {"sd": np.array([1.0, 0.0])},
        {"low": np.full(2, -LARGEST), "high": np.full(2, LARGEST)},
    ],
)
def test_scales_that_could_not_be_used_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="derived column"):
        standard_of(2, **changes)


@pytest.mark.parametrize(
    "pairs", [np.zeros((0, 2)), [[0, 2]], [[-1, 0]], [[1, 1]], [[1, 0]], [[0, 1, 2]], [0, 1]]
)
def test_products_of_what_is_no_pair_of_features_are_refused(pairs: object) -> None:
    with pytest.raises(ValueError, match="product"):
        Products(standard_of(2), np.array(pairs, dtype=np.int64))


@pytest.mark.parametrize(
    ("axes", "variances"),
    [
        (np.eye(2), np.ones(2)),  # nothing is left to reconstruct
        (np.zeros((0, 2)), np.ones(0)),
        (np.eye(3)[:1], np.ones(1)),
        (np.eye(2)[:1], np.ones(2)),
        (np.eye(2)[:1], np.zeros(1)),
        (np.eye(2)[:1], np.array([math.inf])),
        (np.array([[0.0, 1.5]]), np.ones(1)),
        (np.array([[0.0, math.nan]]), np.ones(1)),
    ],
)
def test_components_out_of_order_are_refused(axes: FloatArray, variances: FloatArray) -> None:
    with pytest.raises(ValueError, match="component"):
        Components(standard_of(2), axes, variances)


def test_formulas_are_equal_if_all_of_them_is() -> None:
    assert products_of(3) == products_of(3)
    assert products_of(3) != Products(standard_of(3), np.array([[0, 1]]))
    assert products_of(2) != Products(standard_of(2, sources=("a", "b")), np.array([[0, 1]]))
    assert components_of(3, 2) == components_of(3, 2)
    assert components_of(3, 2) != components_of(3, 2, seed=1)
    assert components_of(3, 1) != products_of(3)
