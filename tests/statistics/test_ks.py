"""KS equals scipy's, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from stream_monitor.statistics.ecdf import ecdf_difference
from stream_monitor.statistics.grid import Grid, bucket_counts
from stream_monitor.statistics.ks import (
    ks_from_difference,
    ks_p_value,
    ks_p_value_reported,
    ks_statistic,
    ks_threshold,
)
from tests.statistics.odd_samples import ALL

CASES = 10_000


def test_the_statistic_is_scipys_to_the_bit() -> None:
    rng = np.random.default_rng(20_261_123)
    laws = list(ALL.values())
    cases = reported = 0
    while cases < CASES:
        law = laws[rng.integers(len(laws))]
        other = law if rng.random() < 0.8 else laws[rng.integers(len(laws))]
        reference = law(rng, int(rng.integers(1, 60)))
        grid = Grid.from_sample(reference, rng.normal(size=int(rng.integers(0, 3))))
        for size in (1, *rng.integers(1, 80, 9).tolist()):
            window = other(rng, size)
            with np.errstate(divide="ignore", invalid="ignore"):  # scipy's p-value at 1 and 1
                expected = stats.ks_2samp(reference, window, method="asymp")
            found = ks_statistic(grid, bucket_counts(grid, window))
            assert np.float64(found).tobytes() == np.float64(expected.statistic).tobytes()
            if reference.size * size > 1:
                p_value = ks_p_value_reported(found, reference.size, size)
                assert p_value == pytest.approx(float(expected.pvalue), rel=1e-12, abs=0)
                reported += 1
            cases += 1
    assert cases >= CASES
    assert reported > 0.9 * CASES


def test_the_statistic_is_scipys_on_samples_of_real_size() -> None:
    rng = np.random.default_rng(3)
    for n, m in ((5000, 10_000), (1000, 1000), (4999, 7)):
        reference, window = rng.normal(size=n), rng.normal(0.02, 1.1, size=m)
        grid = Grid.from_sample(reference)
        found = ks_statistic(grid, bucket_counts(grid, window))
        assert found == stats.ks_2samp(reference, window, method="asymp").statistic


def test_the_difference_at_hand_gives_the_same_statistic() -> None:
    grid = Grid.from_sample([1.0, 2.0, 2.0])
    counts = bucket_counts(grid, np.array([0.0, 1.5, 2.0]))
    difference = ecdf_difference(grid, counts)
    assert difference.n == 3
    assert difference.before == 1 / 3
    assert ks_from_difference(difference) == ks_statistic(grid, counts) == 1 / 3


@pytest.mark.parametrize(("sample", "window"), [([1.0], []), ([], [1.0]), ([], [])])
def test_an_empty_side_is_refused(sample: list[float], window: list[float]) -> None:
    grid = Grid.from_sample(sample)
    with pytest.raises(ValueError, match="at least one row"):
        ks_statistic(grid, bucket_counts(grid, np.array(window, dtype=np.float64)))


def test_counts_of_another_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="buckets"):
        ks_statistic(Grid.from_sample([1.0]), np.zeros(5, dtype=np.int64))


def test_the_deciding_p_value_is_kolmogorovs_and_not_below_the_reported_one() -> None:
    for d in (0.02, 0.04, 0.06):
        decided = ks_p_value(d, 5000, 1000)
        assert decided == special.kolmogorov(np.sqrt(5000 * 1000 / 6000) * d)
        assert ks_p_value_reported(d, 5000, 1000) <= decided


def test_the_threshold_is_where_the_p_value_is_the_level() -> None:
    for alpha in (0.05, 1e-5):
        assert ks_p_value(ks_threshold(alpha, 700, 90), 700, 90) == pytest.approx(alpha)
    with pytest.raises(ValueError, match="between 0 and 1"):
        ks_threshold(0.0, 10, 10)


def test_two_single_rows_are_no_evidence() -> None:
    assert ks_p_value_reported(1.0, 1, 1) == 1.0
