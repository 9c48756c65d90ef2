from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.detectors.checks import (
    CHECKS,
    Check,
    Question,
    check_missing,
    check_non_finite,
    check_out_of_range,
    check_unseen,
    check_wrong_type,
    fresh,
    problem_share,
    unusable,
)
from stream_monitor.reference.model import Kind, ReferenceColumn
from stream_monitor.summaries.facts import Facts
from tests.detectors.worlds import categorical, numeric

CLEAN = numeric("age", np.linspace(0, 1, 2000))
HOLES = numeric("age", np.linspace(0, 1, 1900), missing=100)  # 5 % without a value
MIX = categorical("mix", {"a": 1000, "b": 990, "c": 1, "d": 1}, other=8)


def ask(column: ReferenceColumn, facts: Facts, min_increase: float = 0.01) -> Question:
    return Question(column, facts, 1e-4, min_increase)


def alarm(check: Check | None) -> bool:
    assert check is not None
    assert (check.bad > check.limit) == (check.p_value <= 1e-4 and check.rise >= 0.01 - 1e-12), (
        check
    )
    return check.bad > check.limit


def test_the_reference_is_counted_in_rows() -> None:
    assert (unusable(CLEAN), unusable(HOLES)) == (0, 100)
    assert (fresh(CLEAN), fresh(MIX)) == (0, 10)


@pytest.mark.parametrize(
    ("missing", "expected"), [(0, False), (50, False), (65, False), (120, True)]
)
def test_missing_values_are_held_against_those_of_the_reference(
    missing: int, expected: bool
) -> None:
    assert alarm(check_missing(ask(HOLES, Facts(1000, missing=missing)))) is expected


def test_a_clean_column_is_in_alarm_at_the_smallest_rise_that_matters() -> None:
    assert not alarm(check_missing(ask(CLEAN, Facts(1000, missing=9))))
    assert alarm(check_missing(ask(CLEAN, Facts(1000, missing=10))))


def test_a_rise_in_a_window_too_small_to_tell_is_no_alarm() -> None:
    check = check_missing(ask(HOLES, Facts(20, missing=4)))
    assert check is not None
    assert check.rise == pytest.approx(0.15)
    assert not alarm(check)


def test_nan_where_the_reference_had_missing_is_no_alarm() -> None:
    assert not alarm(check_non_finite(ask(HOLES, Facts(1000, nan=50))))


def test_infinite_values_on_top_of_the_usual_missing_ones_are() -> None:
    check = check_non_finite(ask(HOLES, Facts(1000, missing=50, infinite=60)))
    assert check is not None
    assert check.rise == pytest.approx(0.06)
    assert alarm(check)


def test_one_nan_beside_many_missing_values_is_no_alarm_of_its_own() -> None:
    facts = Facts(1000, missing=500, nan=1)
    check = check_non_finite(ask(CLEAN, facts))
    assert check is not None
    assert not check.bad > check.limit
    assert alarm(check_missing(ask(CLEAN, facts)))


def test_no_non_finite_value_at_all_has_a_p_value_of_one() -> None:
    check = check_non_finite(ask(CLEAN, Facts(1000, missing=500)))
    assert check is not None
    assert (check.p_value, check.rise, check.bad) == (1.0, 0.0, 0)


def test_wrong_types_are_none_of_the_reference() -> None:
    assert alarm(check_wrong_type(ask(HOLES, Facts(1000, wrong_type=20))))
    assert not alarm(check_wrong_type(ask(HOLES, Facts(1000, missing=50))))


def test_values_out_of_range_are_shares_of_the_usable_ones() -> None:
    check = check_out_of_range(ask(CLEAN, Facts(1000, missing=800, out_of_range=20)))
    assert check is not None
    assert (check.rows, check.reference_rows, check.rise) == (200, 2000, 0.1)
    assert alarm(check)
    small = numeric("age", np.linspace(0, 1, 30))  # whose range says little
    assert not alarm(check_out_of_range(ask(small, Facts(1000, out_of_range=60))))


def test_categories_as_rare_as_the_references_rarest_are_expected() -> None:
    assert not alarm(check_unseen(ask(MIX, Facts(1000, unseen=8))))
    assert alarm(check_unseen(ask(MIX, Facts(1000, unseen=40))))


def test_a_column_of_names_that_are_all_different_has_nothing_unseen() -> None:
    names = categorical("name", {f"n{i}": 1 for i in range(500)}, other=500)
    assert not alarm(check_unseen(ask(names, Facts(1000, unseen=1000))))


def test_nothing_to_compare_is_no_check() -> None:
    for column, checks in ((CLEAN, CHECKS[Kind.NUMERIC]), (MIX, CHECKS[Kind.CATEGORICAL])):
        for check in checks.values():
            assert check(ask(column, Facts())) is None
    assert check_out_of_range(ask(CLEAN, Facts(10, missing=10))) is None
    assert check_unseen(ask(MIX, Facts(10, wrong_type=10))) is None


def test_a_boolean_has_nothing_unseen() -> None:
    assert list(CHECKS[Kind.BOOLEAN]) == ["missing", "non_finite", "wrong_type"]


@pytest.mark.parametrize(
    ("column", "facts", "expected"),
    [
        (CLEAN, Facts(), None),
        (CLEAN, Facts(100), 0.0),
        (CLEAN, Facts(100, missing=1, nan=2, infinite=3, wrong_type=4, out_of_range=5), 0.15),
        (HOLES, Facts(100, missing=5), 0.0),
        (HOLES, Facts(100, nan=10), 0.05),
        (MIX, Facts(1000, unseen=5), 0.0),
        (MIX, Facts(1000, unseen=105), 0.1),
        (CLEAN, Facts(100, missing=100), 1.0),
    ],
)
def test_the_problem_share_is_what_the_reference_does_not_have(
    column: ReferenceColumn, facts: Facts, expected: float | None
) -> None:
    found = problem_share(column, facts)
    assert found == (None if expected is None else pytest.approx(expected))
