"""AUC and DeLong's variance, from the rows."""

from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.statistics.roc import auc_moments


@pytest.mark.parametrize(
    ("n_positive", "n_negative", "bins"), [(2, 2, 5), (30, 50, 7), (40, 9, 1000)]
)
def test_the_variance_is_delongs_of_all_pairs(n_positive: int, n_negative: int, bins: int) -> None:
    rng = np.random.default_rng(bins)
    x = (rng.beta(3, 2, n_positive) * bins).astype(int)
    y = (rng.beta(2, 3, n_negative) * bins).astype(int)
    wins = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    variance = (
        wins.mean(axis=1).var(ddof=1) / n_positive + wins.mean(axis=0).var(ddof=1) / n_negative
    )
    found = auc_moments(np.bincount(x, minlength=bins), np.bincount(y, minlength=bins))
    assert found is not None
    assert found.n == n_positive + n_negative
    assert found.mean == pytest.approx(wins.mean())
    assert found.variance / found.n == pytest.approx(variance)


def test_fewer_than_two_rows_of_a_label_have_no_variance() -> None:
    assert auc_moments(np.array([0, 1]), np.array([5, 5])) is None
    assert auc_moments(np.array([0, 9]), np.array([0, 0])) is None


def test_scores_that_separate_the_labels_have_none_either() -> None:
    found = auc_moments(np.array([0, 9]), np.array([9, 0]))
    assert found is not None
    assert (found.mean, found.variance) == (1.0, 0.0)
