"""Jensen–Shannon equals scipy's, and its null law holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from stream_monitor.statistics.jensen_shannon import (
    jensen_shannon_distance,
    jensen_shannon_divergence,
    jensen_shannon_null_bias,
    jensen_shannon_p_value,
    jensen_shannon_threshold,
)


def test_the_distance_is_scipys_with_base_two() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        k = int(rng.integers(2, 12))
        p, q = rng.integers(0, 9, k) + np.eye(1, k, dtype=np.int64)[0], rng.integers(1, 9, k)
        found = jensen_shannon_distance(jensen_shannon_divergence(p, q))
        assert found == pytest.approx(float(jensenshannon(p, q, base=2)), abs=1e-8)


def test_the_distance_runs_from_zero_to_one() -> None:
    same, apart = np.array([3, 0, 5]), np.array([0, 4, 0])
    assert jensen_shannon_distance(jensen_shannon_divergence(same, same * 2)) == 0.0
    assert jensen_shannon_distance(jensen_shannon_divergence(same, apart)) == 1.0


@pytest.mark.parametrize(("m", "most"), [(10_000, 0.06), (200, 0.07)])
def test_null_windows_alarm_about_as_often_as_the_level_says(m: int, most: float) -> None:
    rng = np.random.default_rng(2)
    k, n, even = 10, 5000, np.full(10, 0.1)
    pairs = zip(rng.multinomial(n, even, 4000), rng.multinomial(m, even, 4000), strict=True)
    found = np.array([jensen_shannon_divergence(p, q) for p, q in pairs])
    assert found.mean() == pytest.approx(jensen_shannon_null_bias(k, n, m), rel=0.04)
    assert 0.035 < (found > jensen_shannon_threshold(0.05, k, n, m)).mean() < most


def test_the_threshold_is_where_the_p_value_is_the_level() -> None:
    threshold = jensen_shannon_threshold(1e-3, 7, 500, 90)
    assert jensen_shannon_p_value(threshold, 7, 500, 90) == pytest.approx(1e-3)


def test_a_single_cell_never_alarms() -> None:
    assert jensen_shannon_threshold(0.05, 1, 5, 9) == math.inf
    assert jensen_shannon_p_value(0.0, 1, 5, 9) == 1.0


def test_unlike_or_empty_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="unlike"):
        jensen_shannon_divergence(np.array([1, 2]), np.array([1]))
    with pytest.raises(ValueError, match="without rows"):
        jensen_shannon_divergence(np.array([0, 0]), np.array([1, 1]))
