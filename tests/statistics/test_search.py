"""The guide table answers exactly what the binary search does."""

from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.statistics.search import Guide
from tests.statistics.odd_samples import ALL


@pytest.mark.parametrize("size", [1, 63, 64, 500, 5000])
@pytest.mark.parametrize("law", ALL)
def test_ranks_equal_the_binary_searchs(law: str, size: int) -> None:
    rng = np.random.default_rng(size)
    points = np.unique(ALL[law](rng, size))
    guide = Guide.of(points)
    for other in ALL.values():
        values = np.concatenate([ALL[law](rng, 300), other(rng, 300), points])
        near = np.concatenate([values, np.nextafter(points, -np.inf), np.nextafter(points, np.inf)])
        assert np.array_equal(guide.ranks(near), points.searchsorted(near, side="right"))


def test_a_usual_feature_gets_a_guide_and_a_degenerate_one_does_not() -> None:
    rng = np.random.default_rng(1)
    assert Guide.of(np.unique(rng.normal(size=5000))).begins.size == 10_000
    assert Guide.of(np.arange(10.0)).begins.size == 0
    assert Guide.of(np.linspace(-1.0, 1.0, 200) * 1.7e308).begins.size == 0
