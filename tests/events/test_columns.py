from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.events.columns import (
    INFINITE,
    MISSING,
    NAN,
    OK,
    WRONG_TYPE,
    numeric,
    text,
)

cells = (
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["true", "FALSE", "1"])
    | st.lists(st.integers(), max_size=1)
    | st.dictionaries(st.text(max_size=1), st.integers(), max_size=1)
)


def number_by_hand(value: object) -> tuple[int, float | None]:
    if value is None:
        return MISSING, None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return WRONG_TYPE, None
    try:
        number = float(value)
    except OverflowError:
        return INFINITE, None
    if math.isfinite(number):
        return OK, number
    return (NAN if math.isnan(number) else INFINITE), None


def codes_of(codes: Any, n: int) -> list[int]:
    return [OK] * n if codes is None else codes.tolist()


@settings(deadline=None)
@given(st.lists(cells) | st.lists(st.floats() | st.none()) | st.lists(st.floats()))
def test_numbers_are_what_each_value_is_by_itself(column: list[object]) -> None:
    values, codes = numeric(column, len(column))
    expected = [number_by_hand(value) for value in column]
    assert codes_of(codes, len(column)) == [code for code, _ in expected]
    assert values.dtype == np.float64
    assert [None if math.isnan(v) else v for v in values.tolist()] == [v for _, v in expected]


@settings(deadline=None)
@given(st.lists(cells), st.booleans())
def test_texts_are_what_each_value_is_by_itself(column: list[object], boolean: bool) -> None:
    whole = text(column, len(column), boolean=boolean)
    alone = [text([value], 1, boolean=boolean) for value in column]
    assert whole.texts == [one.texts[0] for one in alone]
    assert codes_of(whole.codes, len(column)) == [codes_of(one.codes, 1)[0] for one in alone]
    assert [t is None for t in whole.texts] == [c != OK for c in codes_of(whole.codes, len(column))]


@settings(deadline=None)
@given(st.lists(st.floats()) | st.lists(st.booleans()) | st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_an_array_gives_what_a_list_gives(column: list[Any]) -> None:
    kind = np.dtype({bool: "bool", int: "int64"}.get(type(column[0]), "f8") if column else "f8")
    array = np.array(column, dtype=kind)
    for boolean in (False, True):
        of_array, of_list = (
            text(array, len(array), boolean=boolean),
            text(column, len(column), boolean=boolean),
        )
        assert of_array.texts == of_list.texts
        assert codes_of(of_array.codes, len(column)) == codes_of(of_list.codes, len(column))
    assert np.array_equal(
        numeric(array, len(array)).values, numeric(column, len(column)).values, True
    )
    assert codes_of(numeric(array, len(array)).codes, len(column)) == codes_of(
        numeric(column, len(column)).codes, len(column)
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ""),
        (" x ", " x "),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (7.0, "7"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e22, "10000000000000000000000"),
        (1e-7, "1e-07"),
    ],
)
def test_a_category_has_one_canonical_text(value: object, expected: str) -> None:
    assert text([value], 1).texts == [expected]
    assert text([value], 1).codes is None


@pytest.mark.parametrize(
    ("value", "code"),
    [(None, MISSING), (math.nan, NAN), (-math.inf, INFINITE), ([], WRONG_TYPE), ({}, WRONG_TYPE)],
)
def test_what_is_no_category_has_a_code(value: object, code: int) -> None:
    assert codes_of(text([value, "a"], 2).codes, 2) == [code, OK]
    assert codes_of(text([value], 1, boolean=True).codes, 1) == [code]


@pytest.mark.parametrize("value", [True, 1, 1.0, "true", "TRUE", "True"])
def test_a_boolean_column_takes_every_way_to_say_true(value: object) -> None:
    assert text([value], 1, boolean=True).texts == ["true"]


@pytest.mark.parametrize("value", [2, -1, 0.5, "yes", "1", " true", ""])
def test_a_boolean_column_takes_nothing_else(value: object) -> None:
    assert codes_of(text([value], 1, boolean=True).codes, 1) == [WRONG_TYPE]


def test_a_column_that_is_not_there_is_missing_in_every_row() -> None:
    assert codes_of(numeric(None, 2).codes, 2) == [MISSING, MISSING]
    assert text(None, 2).texts == [None, None]
    assert codes_of(text(None, 2).codes, 2) == [MISSING, MISSING]


def test_columns_without_a_fault_have_no_codes() -> None:
    assert numeric([1, 2.5], 2).codes is None
    assert numeric(np.array([1, 2]), 2).codes is None
    assert text(["a", "b"], 2).codes is None
    assert text([True, 1, "x"], 3).codes is None


def test_an_integer_beyond_a_floats_range_is_infinite_and_one_beyond_2_53_is_rounded() -> None:
    values, codes = numeric([10**400, 2**53 + 1, -(10**400)], 3)
    assert codes_of(codes, 3) == [INFINITE, OK, INFINITE]
    assert values[1] == 2.0**53
