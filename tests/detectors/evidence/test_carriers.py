"""Which columns are named at an alarm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stream_monitor.detectors.evidence.carriers import carriers

evidence = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=12)
"""w_j · M_j of each column."""


def named(parts: list[float], c: float = 1.0) -> int:
    return carriers(np.log(np.sort(np.array(parts))[::-1] / c))


@given(evidence, st.floats(1.0, 1e5))
def test_the_named_columns_are_those_of_e_benjamini_hochberg(parts: list[float], c: float) -> None:
    assume(sum(parts) >= c)
    ranked = sorted(parts, reverse=True)
    assume(all(abs(m * k / c - 1) > 1e-9 for k, m in enumerate(ranked, start=1)))
    largest = 0
    for k in range(1, len(parts) + 1):
        # each w_j F M_j is an e-value of its column, tested at F / k
        if len(parts) * ranked[k - 1] >= len(parts) * c / k:
            largest = k
    if largest:
        assert named(parts, c) == largest
        assert sum(ranked[:largest]) >= c * (1 - 1e-9)


@given(evidence)
def test_if_none_is_named_the_fewest_with_half_of_the_evidence_are(parts: list[float]) -> None:
    ranked = sorted(parts, reverse=True)
    c = 1.01 * max(m * k for k, m in enumerate(ranked, start=1))
    assume(sum(parts) >= c)
    k = named(parts, c)
    assert sum(ranked[:k]) >= sum(parts) / 2 * (1 - 1e-9)
    assert sum(ranked[: k - 1]) < sum(parts) / 2


def test_one_column_with_all_the_evidence_is_named_alone() -> None:
    assert carriers(np.array([800.0, -5.0, -5.0])) == 1
    assert named([1.08, 0.01, 0.01]) == 1


def test_a_second_column_is_named_however_much_the_first_has() -> None:
    assert carriers(np.array([5000.0, 0.1, -5.0])) == 2


def test_columns_that_change_together_are_named_together() -> None:
    assert named([0.35, 0.35, 0.35, 0.1]) == 3


def test_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="falling order"):
        carriers(np.array([0.4, 0.6]))
