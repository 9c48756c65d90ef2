from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.config.monitors import LatencySettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.latency import judge_latency
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import HASH, batch, only

VALUES = np.random.default_rng(1).lognormal(3.0, 1.0, 5000)


def judged(values: object, rows: int, **limits: object) -> tuple[Verdict, ...]:
    settings = ModelSettings(latency=LatencySettings.model_validate(limits))
    latency = None if values is None else np.asarray(values, dtype=np.float64)
    return judge_latency(ModelSummary.of(batch(rows, latency_ms=latency), None), HASH, settings)


def test_every_quantile_is_within_its_bounds_and_the_mean_is_exact() -> None:
    verdicts = judged(VALUES, 5000)
    assert [v.monitor for v in verdicts] == ["p50", "p90", "p99", "mean"]
    for verdict, q in zip(verdicts, (0.5, 0.9, 0.99), strict=False):
        truth = np.sort(VALUES)[int(q * 4999)]
        assert verdict.least is not None
        assert verdict.most is not None
        assert verdict.least * (1 - 1e-9) <= truth <= verdict.most * (1 + 1e-9)
        assert verdict.statistic == pytest.approx(truth, rel=0.0101)
    assert verdicts[-1].statistic == pytest.approx(VALUES.mean())
    assert {(v.state, v.decides) for v in verdicts} == {(State.INFO, False)}


def test_a_99th_percentile_above_its_limit_is_an_alarm() -> None:
    verdict = only(judged([50.0] * 98 + [300.0] * 2, 100, max_p99_ms=100.0), "p99")
    assert (verdict.state, verdict.threshold, verdict.decides) == (State.ALARM, 100.0, True)
    assert verdict.effect == pytest.approx(2.0, rel=0.02)
    quiet = only(judged([50.0] * 100, 100, max_p99_ms=100.0), "p99")
    assert (quiet.state, quiet.effect) == (State.OK, 0.0)


def test_a_limit_is_judged_though_the_quantile_was_not_asked_for() -> None:
    verdicts = judged(VALUES, 5000, quantiles=(0.5, 0.999), max_p99_ms=1.0)
    assert [v.monitor for v in verdicts] == ["p50", "p99.9", "p99", "mean"]
    assert [v.monitor for v in verdicts if v.decides] == ["p99"]


def test_few_latencies_are_thin_and_none_have_no_figure() -> None:
    few = judged([1.0] * 99, 99, max_p99_ms=0.5)
    assert {v.state for v in few} == {State.THIN}
    assert all(v.statistic is not None for v in few)
    none = judged(None, 500, max_p99_ms=0.5)
    assert {(v.state, v.statistic, v.effect, v.n) for v in none} == {(State.THIN, None, None, 0)}


def test_latencies_of_zero_are_exact() -> None:
    verdict = only(judged([0.0] * 200, 200), "p50")
    assert (verdict.statistic, verdict.least, verdict.most) == (0.0, None, None)
