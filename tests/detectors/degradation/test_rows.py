"""Rows of panes from counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.detectors.degradation import rows
from stream_monitor.detectors.degradation.panes import MOST_ROWS, PaneErrors, check_panes
from stream_monitor.detectors.degradation.rows import blocks, thinned
from tests.detectors.degradation.worlds import of_counts, pane_lists


def naive(panes: list[PaneErrors]) -> list[float]:
    """Each row of each pane by the definition, in Python's own integers."""
    found: list[float] = []
    for pane in panes:
        wrong = {(2 * j + 1) * pane.n // (2 * pane.errors) for j in range(pane.errors)}
        assert len(wrong) == pane.errors
        found += [float(row in wrong) for row in range(pane.n)]
    return found


@given(panes=pane_lists(), block=st.integers(700, 5000) | st.integers(1, 30))
def test_blocks_of_any_size_hold_the_rows_of_the_definition(
    panes: list[PaneErrors], block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "BLOCK", block)
        found = list(blocks(panes))
    assert [row for part in found for row in part.rows.tolist()] == naive(panes)
    assert all(part.rows.size <= block for part in found)
    lengths = dict.fromkeys(range(len(panes)), 0)
    for part in found:
        begin = 0
        for place, end in zip(part.panes, part.ends, strict=True):
            lengths[place] += end - begin
            begin = end
    assert list(lengths.values()) == [pane.n for pane in panes]


@given(n=st.integers(1, 400), data=st.data())
def test_after_any_rows_the_errors_are_within_one_of_their_mean(
    n: int, data: st.DataObject
) -> None:
    errors = data.draw(st.integers(0, n))
    (block,) = blocks(of_counts([(n, errors)]))
    away = np.cumsum(block.rows) - np.arange(1, n + 1) * errors / n
    assert np.abs(away).max() <= 1
    assert block.rows.sum() == errors


def test_the_largest_pane_does_not_overflow() -> None:
    first = next(iter(blocks([PaneErrors(0, MOST_ROWS, MOST_ROWS)])))
    assert first.rows.size == rows.BLOCK
    assert first.rows.all()
    last = rows._errors_before(MOST_ROWS, MOST_ROWS, MOST_ROWS)
    assert last == MOST_ROWS


@given(st.lists(st.tuples(st.integers(0, 5000), st.floats(0, 1)), max_size=60))
def test_thinning_loses_no_part_of_the_error_rate(given_: list[tuple[int, float]]) -> None:
    carry = fed = due = 0.0
    for pane in of_counts([(n, int(n * rate)) for n, rate in given_]):
        values, carry = thinned(pane, carry)
        assert values.size == min(pane.n, 100)
        assert 0 <= carry < 1
        fed += float(values.sum())
        due += min(pane.n, 100) * pane.errors / pane.n if pane.n else 0.0
    assert fed + carry == pytest.approx(due, abs=1e-6)


@pytest.mark.parametrize(
    ("pane", "said"),
    [
        (PaneErrors(5, 1, 2), "2 errors in 1 rows"),
        (PaneErrors(5, 1, -1), "-1 errors"),
        (PaneErrors(5, 2**31), "2147483648 rows"),
        (PaneErrors(5, 1, 0, float("nan")), "sum of nan"),
        (PaneErrors(5, 1, 0, 1.0, -1.0), "sum of -1.0"),
        (PaneErrors(4, 1), "does not come after the one at 4"),
    ],
)
def test_impossible_panes_are_refused_with_their_place(pane: PaneErrors, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_panes([pane], 4)
