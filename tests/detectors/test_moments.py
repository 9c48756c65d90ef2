"""Moments from summaries, against those of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.detectors import moments
from stream_monitor.summaries.residuals import ResidualSummary
from stream_monitor.summaries.scored import CLIP, ScoredSummary

CLASSES = ("0", "1")
number = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


def scored(labels: list[int], scores: list[float]) -> ScoredSummary:
    return ScoredSummary.of([str(y) for y in labels], list(scores), CLASSES, "1")


@given(st.lists(number, min_size=2, max_size=40))
def test_moments_of_errors_are_those_of_the_rows(errors: list[float]) -> None:
    residuals = ResidualSummary.of([0.0] * len(errors), list(errors), len(errors))
    e = np.array(errors)
    for found, values in (
        (moments.error(residuals), e),
        (moments.absolute_error(residuals), np.abs(e)),
    ):
        assert found is not None
        assert found.n == len(e)
        assert found.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
        scale = float((values**2).mean())
        assert found.variance == pytest.approx(values.var(ddof=1), rel=1e-9, abs=1e-9 * scale)


def test_equal_errors_have_no_variance_even_if_their_squares_are_rounded() -> None:
    residuals = ResidualSummary.of([0.0] * 50, [0.1] * 50, 50)
    found = moments.absolute_error(residuals)
    assert found is not None
    assert (found.mean, found.variance) == (0.1, 0.0)


def test_what_overflows_or_is_one_row_has_no_moments() -> None:
    assert moments.error(ResidualSummary.of([0.0], [1.0], 1)) is None
    assert moments.error(ResidualSummary.of([0.0] * 2, [1e200, 2.0], 2)) is None
    assert moments.absolute_error(ResidualSummary.of([-1e308] * 2, [1e308, 1e307], 2)) is None
    assert moments.absolute_error(ResidualSummary.empty()) is None
    assert moments.log_loss(ScoredSummary.empty()) is None
    assert moments.squared_loss(scored([1], [0.4])) is None


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=40))
def test_variances_of_losses_are_never_too_small(rows: list[tuple[int, float]]) -> None:
    labels, scores = [label for label, _ in rows], [score for _, score in rows]
    y, s = np.array(labels), np.array(scores)
    summary = scored(labels, scores)
    squared, logs = moments.squared_loss(summary), moments.log_loss(summary)
    assert squared is not None
    assert logs is not None
    brier = (s - y) ** 2
    assert squared.mean == pytest.approx(brier.mean(), rel=1e-9)
    clipped = np.clip(s, CLIP, 1 - CLIP)
    loss = -np.log(np.where(y == 1, clipped, 1 - clipped))
    assert logs.mean == pytest.approx(loss.mean(), rel=1e-9)
    n = len(rows)
    exact = brier.var(ddof=1)
    assert exact * (1 - 1e-9) - 1e-12 <= squared.variance
    assert squared.variance <= exact + (4e-3 * brier.mean() + 4e-12) * n / (n - 1)
    assert loss.var(ddof=1) * (1 - 1e-9) - 1e-9 <= logs.variance


@pytest.mark.parametrize("shape", [(2.0, 3.0), (0.5, 0.5), (8.0, 1.0)])
def test_the_variance_of_log_loss_is_close_to_that_of_the_rows(shape: tuple[float, float]) -> None:
    rng = np.random.default_rng(4)
    s = rng.beta(*shape, 5000)
    y = (rng.random(5000) < s).astype(int)
    loss = -np.log(np.where(y == 1, s, 1 - s))
    found = moments.log_loss(scored(y.tolist(), s.tolist()))
    assert found is not None
    assert loss.var(ddof=1) <= found.variance <= 1.15 * loss.var(ddof=1)
