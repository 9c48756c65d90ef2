"""Panes of labelled rows for the tests of degradation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.detectors.degradation.degradation import Degradation
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.detectors.degradation.residuals import ResidualCounts
from stream_monitor.reference.model import Task
from stream_monitor.statistics.grid import Grid

PANE_MS = 300_000
FOR_ALL = ("cusum", "page_hinkley", "adwin")
CUSUM: dict[str, Any] = {"detectors": ("cusum",)}
EVERY = (*FOR_ALL, "ddm", "hddm_a")


def of_counts(counts: Sequence[tuple[int, int]], first: int = 0) -> list[PaneErrors]:
    """Panes of (rows, errors) from the pane of this number on."""
    return [PaneErrors((first + at) * PANE_MS, n, errors) for at, (n, errors) in enumerate(counts)]


def of_rate(
    rng: np.random.Generator, rate: float, n: int, panes: int, first: int = 0
) -> list[PaneErrors]:
    """Panes of n independent rows that are wrong with this probability."""
    return of_counts([(n, errors) for errors in rng.binomial(n, rate, panes).tolist()], first)


def of_values(values: np.ndarray, first: int = 0) -> list[PaneErrors]:
    """A pane for each row of errors."""
    return [
        PaneErrors(
            (first + at) * PANE_MS,
            e.size,
            0,
            float(np.abs(e).sum()),
            float((e * e).sum()),
            ResidualCounts.of_sample(Grid.from_sample(e)),
        )
        for at, e in enumerate(values)
    ]


def classifier(**settings: Any) -> Degradation:
    """Watched by CUSUM unless said otherwise."""
    return Degradation.of(DegradationSettings(**CUSUM | settings), Task.BINARY)


def regression(**settings: Any) -> Degradation:
    """Watched by CUSUM unless said otherwise."""
    return Degradation.of(DegradationSettings(**CUSUM | settings), Task.REGRESSION)


@st.composite
def pane_lists(draw: st.DrawFn) -> list[PaneErrors]:
    """Up to 40 panes, empty, small and large ones, all right to all wrong."""
    found = []
    for at in range(draw(st.integers(0, 40))):
        n = draw(st.one_of(st.integers(0, 12), st.integers(0, 700)))
        errors = draw(st.one_of(st.integers(0, n), st.sampled_from([0, n // 10, n])))
        size = draw(st.floats(0, 4, allow_nan=False))
        squared = n * size * size * 1.5
        shares = draw(st.lists(st.integers(0, 9), min_size=3, max_size=3))
        grid = Grid(np.array([-size - 1, 0.0, size + 2]), np.array(shares) * n)
        counts = ResidualCounts.of_sample(grid)
        found.append(PaneErrors(at * PANE_MS, n, errors, n * size, squared, counts))
    return found
