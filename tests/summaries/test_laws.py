"""One suite of laws for every summary; all comparisons are of the bits."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stream_monitor.summaries
from stream_monitor.errors import DataError, UnlikeSummaryError
from tests.summaries.cases import CASES

if TYPE_CHECKING:
    from tests.summaries.cases import Case

law = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
each = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
groups = [case for case in CASES if case.subtract is not None]
each_group = pytest.mark.parametrize("case", groups, ids=[case.name for case in groups])
parametric = [case for case in CASES if case.unlike is not None]


def assert_same(left: Any, right: Any) -> None:
    assert left == right
    assert left.to_state() == right.to_state()


def test_every_summary_of_the_package_is_in_the_registry() -> None:
    modules = [
        importlib.import_module(f"stream_monitor.summaries.{module.name}")
        for module in pkgutil.iter_modules(stream_monitor.summaries.__path__)
    ]
    found = {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and hasattr(kind, "from_state")
    }
    assert found == {case.kind for case in CASES}


@each
@law
@given(data=st.data())
def test_the_empty_summary_is_the_identity(case: Case, data: st.DataObject) -> None:
    summary = case.of(data.draw(case.rows))
    assert_same(case.merge(summary, case.empty()), summary)
    assert_same(case.merge(case.empty(), summary), summary)


@each
def test_no_rows_give_the_empty_summary(case: Case) -> None:
    assert_same(case.of([]), case.empty())
    assert_same(case.merge(case.empty(), case.empty()), case.empty())


@each
@law
@given(data=st.data())
def test_merging_is_associative(case: Case, data: st.DataObject) -> None:
    a, b, c = (case.of(data.draw(case.rows)) for _ in range(3))
    assert_same(case.merge(case.merge(a, b), c), case.merge(a, case.merge(b, c)))


@each
@law
@given(data=st.data())
def test_merging_is_commutative(case: Case, data: st.DataObject) -> None:
    a, b = (case.of(data.draw(case.rows)) for _ in range(2))
    assert_same(case.merge(a, b), case.merge(b, a))


@each
@law
@given(data=st.data())
def test_rows_may_be_split_anywhere(case: Case, data: st.DataObject) -> None:
    rows = data.draw(case.rows)
    cut = data.draw(st.integers(0, len(rows)))
    assert_same(case.merge(case.of(rows[:cut]), case.of(rows[cut:])), case.of(rows))


@each
@law
@given(data=st.data())
def test_rows_may_come_in_any_order(case: Case, data: st.DataObject) -> None:
    rows = data.draw(case.rows)
    assert_same(case.of(data.draw(st.permutations(rows))), case.of(rows))


@each
@law
@given(data=st.data())
def test_a_state_reads_back_as_the_same_summary(case: Case, data: st.DataObject) -> None:
    summary = case.of(data.draw(case.rows))
    assert_same(case.from_state(summary.to_state()), summary)


@each
@law
@given(data=st.data())
def test_a_merge_of_states_read_back_is_the_merge(case: Case, data: st.DataObject) -> None:
    a, b = (case.of(data.draw(case.rows)) for _ in range(2))
    read = case.merge(case.from_state(a.to_state()), case.from_state(b.to_state()))
    assert_same(read, case.merge(a, b))


@each_group
@law
@given(data=st.data())
def test_subtracting_undoes_merging(case: Case, data: st.DataObject) -> None:
    assert case.subtract is not None
    a, b = (case.bare(case.of(data.draw(case.rows))) for _ in range(2))
    assert_same(case.subtract(case.merge(a, b), b), a)
    assert_same(case.subtract(a, a), case.empty())


@each_group
@law
@given(data=st.data())
def test_what_was_never_added_cannot_be_subtracted(case: Case, data: st.DataObject) -> None:
    assert case.subtract is not None
    summary = case.bare(case.of(data.draw(case.rows)))
    if summary == case.empty():
        return
    with pytest.raises(ValueError, match="never added"):
        case.subtract(case.empty(), summary)


@pytest.mark.parametrize("case", parametric, ids=[case.name for case in parametric])
def test_unlike_summaries_are_refused(case: Case) -> None:
    assert case.unlike is not None
    mine, other = case.empty(), case.unlike()
    with pytest.raises(UnlikeSummaryError):
        case.merge(mine, other)
    with pytest.raises(UnlikeSummaryError):
        case.merge(other, mine)
    with pytest.raises(UnlikeSummaryError):
        case.from_state(other.to_state())
    if case.subtract is not None:
        with pytest.raises(UnlikeSummaryError):
            case.subtract(mine, other)


@each
@law
@given(data=st.data())
def test_a_damaged_state_is_refused(case: Case, data: st.DataObject) -> None:
    state = case.of(data.draw(case.rows)).to_state()
    place = data.draw(st.integers(1, len(state) - 1))
    broken = bytearray(state)
    broken[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DataError, match="damaged"):
        case.from_state(bytes(broken))
    with pytest.raises(DataError, match="damaged"):
        case.from_state(state[: data.draw(st.integers(0, len(state) - 1))])


@each
def test_a_state_of_another_version_is_refused(case: Case) -> None:
    state = case.empty().to_state()
    with pytest.raises(DataError, match="version 1"):
        case.from_state(b"\x01" + state[1:])
