"""Against scikit-learn, to 1e-12; quantiles within 1 %."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.regression import QUANTILES, regression_figures
from stream_monitor.detectors.verdict import State
from stream_monitor.reference.model import Task
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.residuals import ResidualSummary
from tests.detectors.worlds import batch, only, reference

OF_LABELS = ("coverage", "delay_p50", "delay_p90", "delay_p99", "labelled_shift")

number = st.one_of(
    st.floats(-1e6, 1e6).map(lambda x: round(x, 6)), st.sampled_from([0.0, 0.1, -3.0])
)
some_rows = st.lists(st.tuples(number, number), min_size=1, max_size=50)
Rows = list[tuple[float, float]]


def check(rows: Rows) -> None:
    """Rows are (truth, prediction)."""
    truths, predictions = [y for y, _ in rows], [p for _, p in rows]
    found = regression_figures(ResidualSummary.of(truths, predictions, len(rows)))
    y, p = np.array(truths), np.array(predictions)
    mae = metrics.mean_absolute_error(y, p)
    assert found["mae"].value == pytest.approx(mae, rel=1e-12, abs=1e-12)
    assert found["rmse"].value == pytest.approx(
        metrics.root_mean_squared_error(y, p), rel=1e-12, abs=1e-12
    )
    assert found["bias"].value == pytest.approx(
        float(np.mean(p - y)), rel=1e-12, abs=1e-15 + mae * 1e-12
    )
    some = y != 0
    assert found["mape"].n == some.sum()
    if some.any():
        expected = np.mean(np.abs((p[some] - y[some]) / y[some]))
        assert found["mape"].value == pytest.approx(expected, rel=1e-12, abs=1e-12)
    else:
        assert found["mape"].value is None
    if len(set(truths)) == 1:
        assert found["r2"].value is None
    elif np.ptp(y) > 1e-3:
        assert found["r2"].value == pytest.approx(metrics.r2_score(y, p), rel=1e-9, abs=1e-9)
    errors = np.sort(p - y)
    for name, q in QUANTILES.items():
        figure = found[name]
        exact = float(errors[int(q * (len(rows) - 1))])
        assert figure.value == pytest.approx(exact, rel=0.0100001, abs=1e-9)
        assert figure.least is not None
        assert figure.most is not None
        assert figure.value is not None
        assert figure.least <= exact <= figure.most
        assert figure.least <= figure.value <= figure.most
        assert figure.lower is None or figure.lower <= exact
        assert figure.upper is None or exact <= figure.upper


@settings(deadline=None, max_examples=150)
@given(some_rows)
def test_every_figure_is_that_of_scikit_learn(rows: Rows) -> None:
    check(rows)


@pytest.mark.parametrize("n", [2, 100, 5000])
def test_figures_of_random_rows_are_those_of_scikit_learn(n: int) -> None:
    rng = np.random.default_rng(n)
    y = rng.normal(5, 2, n)
    p = y + rng.normal(0.2, 1, n)
    check(list(zip(y.tolist(), p.tolist(), strict=True)))
    found = regression_figures(ResidualSummary.of(y, p, n))
    assert found["r2"].value == pytest.approx(metrics.r2_score(y, p), rel=1e-12, abs=1e-12)
    assert found["mape"].value == pytest.approx(
        metrics.mean_absolute_percentage_error(y, p), rel=1e-12, abs=1e-12
    )


def test_r2_of_truths_far_from_zero_keeps_its_digits() -> None:
    rng = np.random.default_rng(9)
    steps = rng.integers(0, 1000, 400)
    y = 1e9 + steps / 1024  # exact doubles: the same problem moved to 0 has the same R²
    p = 1e9 + (steps + rng.integers(-50, 50, 400)) / 1024
    found = regression_figures(ResidualSummary.of(y, p, 400))["r2"].value
    assert found == pytest.approx(metrics.r2_score(y - 1e9, p - 1e9), rel=1e-12)


@pytest.mark.parametrize("truth", [0.0, 0.1, 1e9 + 0.3, 1e-300])
def test_a_constant_truth_has_no_r2(truth: float) -> None:
    found = regression_figures(ResidualSummary.of([truth] * 37, [truth + 1] * 37, 37))
    assert found["r2"].value is None
    assert found["mae"].value == pytest.approx(1.0, rel=1e-6)


def test_what_overflows_is_undefined_and_not_infinite() -> None:
    found = regression_figures(ResidualSummary.of([1e308, -1.0], [-1e308, 1.0], 2))
    assert found["mae"].value is None
    assert found["rmse"].value is None
    assert found["r2"].value is None


def test_rows_without_both_numbers_are_facts() -> None:
    truths = [1.0, None, float("nan"), 2.0, "x"]
    found = ResidualSummary.of(truths, [1.5, 1.0, 1.0, None, 1.0], 5)
    facts = found.facts
    assert (found.n, facts.rows, facts.nan, facts.missing, facts.wrong_type) == (1, 4, 1, 1, 1)
    assert regression_figures(found)["mae"].value == 0.5


def test_the_verdicts_of_a_regression_are_for_information() -> None:
    against = reference(task=Task.REGRESSION)
    y = np.arange(150.0)
    summary = ModelSummary.of(batch(150, prediction=y + 1, truth=y), against)
    verdicts = judge_performance(summary.traffic.total, against, ModelSettings())
    told = [v.monitor for v in verdicts]
    assert told == [*OF_LABELS, "mae", "rmse", "bias", "mape", "r2", *QUANTILES]
    assert {v.state for v in verdicts if v.monitor not in OF_LABELS[1:]} == {State.INFO}
    assert (only(verdicts, "mae").statistic, only(verdicts, "mape").n) == (1.0, 149)
    few = ModelSummary.of(batch(150, prediction=y + 1, truth=[1.0, *[None] * 149]), against)
    assert {
        v.state
        for v in judge_performance(few.traffic.total, against, ModelSettings())
        if v.monitor != "coverage"
    } == {State.THIN}
