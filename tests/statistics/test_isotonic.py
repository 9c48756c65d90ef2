"""Against scikit-learn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import isotonic_regression

from stream_monitor.statistics.isotonic import rising_blocks

cells = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda c: (min(c), max(c)))


@given(st.lists(cells.filter(lambda cell: cell[1] > 0), min_size=1, max_size=30))
def test_the_shares_of_the_blocks_are_the_isotonic_regression(rows: list[tuple[int, int]]) -> None:
    won, of = (np.array(column) for column in zip(*rows, strict=True))
    first = rising_blocks(won, of)
    shares = np.add.reduceat(won, first) / np.add.reduceat(of, first)
    assert (np.diff(shares) > 0).all()
    found = np.repeat(shares, np.diff([*first, len(rows)]))
    expected = isotonic_regression(won / of, sample_weight=of.astype(float))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_bins_without_rows_belong_to_the_block_before_them() -> None:
    assert rising_blocks(np.array([0, 0, 3, 0]), np.array([4, 0, 4, 0])).tolist() == [0, 2]
    assert rising_blocks(np.zeros(3, np.int64), np.zeros(3, np.int64)).tolist() == [0]
