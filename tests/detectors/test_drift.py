from __future__ import annotations

import gc
import math

import numpy as np
import pytest
from scipy import stats

from stream_monitor.config.monitors import DriftSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors import findings
from stream_monitor.detectors.drift import judge_drift
from stream_monitor.detectors.findings import CATEGORICAL, NUMERIC
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.events.batch import RawColumn
from stream_monitor.reference.model import Kind, Reference
from stream_monitor.statistics import ks
from tests.detectors.worlds import HASH, categorical, normal, numeric, only, reference, window

CLASSIC = DriftSettings(decide_numeric="ks", decide_categorical="chi_square")
SETTINGS = ModelSettings(drift=CLASSIC)
AGE = normal(1, 2000)
MIX = {"a": 600, "b": 300, "c": 100}


def judged(
    against: Reference, rows: int, settings: ModelSettings = SETTINGS, **columns: RawColumn
) -> tuple[Verdict, ...]:
    return judge_drift(window(against, rows, **columns), against.columns, HASH, settings)


def drawn(seed: int, rows: int, *weights: float) -> list[str]:
    chosen = np.random.default_rng(seed).choice(
        ["a", "b", "c", "new"][: len(weights)], rows, p=weights
    )
    return [str(name) for name in chosen]


def test_the_registries_have_every_monitor_of_the_settings() -> None:
    assert tuple(NUMERIC) == DriftSettings().numeric
    assert tuple(CATEGORICAL) == DriftSettings().categorical


def test_each_column_has_its_monitors_in_the_order_of_the_settings() -> None:
    against = reference(
        numeric("age", AGE),
        categorical("mix", MIX),
        categorical("yes", {"false": 5, "true": 5}, kind=Kind.BOOLEAN),
    )
    verdicts = judged(against, 1, age=[0.0], mix=["a"], yes=[True])
    assert [(v.column, v.monitor) for v in verdicts] == [
        *[("feature:age", m) for m in ("ks", "psi", "wasserstein", "jensen_shannon")],
        *[("feature:mix", m) for m in ("chi_square", "jensen_shannon", "l_infinity")],
        *[("feature:yes", m) for m in ("chi_square", "jensen_shannon", "l_infinity")],
    ]
    assert [v.monitor for v in verdicts if v.decides] == ["ks", "chi_square", "chi_square"]


def test_the_ks_verdict_carries_all_that_is_needed_to_check_it() -> None:
    against = reference(numeric("age", AGE))
    values = normal(2, 500, mean=0.5)
    verdict = only(judged(against, 500, age=values), "ks", "feature:age")
    expected = stats.ks_2samp(AGE, values, method="asymp")
    assert verdict.statistic == expected.statistic
    assert verdict.p_value == pytest.approx(expected.pvalue)
    assert verdict.effect == verdict.statistic
    assert (verdict.n, verdict.reference_n, verdict.reference_hash) == (500, 2000, HASH)
    assert verdict.threshold == ks.ks_threshold(0.001, 500, 2000)
    assert (verdict.state, verdict.decides) == (State.ALARM, True)


def test_wasserstein_is_bounded_and_its_effect_is_in_standard_deviations() -> None:
    against = reference(numeric("age", AGE * 10))
    values = normal(2, 5000, mean=10.0, sd=10.0)
    verdict = only(judged(against, 5000, age=values), "wasserstein", "feature:age")
    truth = stats.wasserstein_distance(AGE * 10, values)
    assert verdict.least is not None
    assert verdict.most is not None
    assert verdict.least - 1e-9 <= truth <= verdict.most + 1e-9
    assert verdict.statistic is not None
    assert verdict.effect == pytest.approx(verdict.statistic / float((AGE * 10).std()))
    assert verdict.effect == pytest.approx(1.0, abs=0.1)
    assert (verdict.state, verdict.decides) == (State.ALARM, False)


@pytest.mark.parametrize("monitor", ["psi", "jensen_shannon", "wasserstein", "ks"])
def test_a_shift_is_an_alarm_of_every_numeric_monitor_and_no_shift_of_none(monitor: str) -> None:
    against = reference(numeric("age", AGE))
    shifted = only(judged(against, 1000, age=normal(3, 1000, 0.5)), monitor, "feature:age")
    same = only(judged(against, 1000, age=normal(4, 1000)), monitor, "feature:age")
    assert (shifted.state, same.state) == (State.ALARM, State.OK)
    assert shifted.p_value is not None
    assert same.p_value is not None
    assert shifted.p_value < 1e-6 < 0.001 < same.p_value
    assert shifted.effect is not None
    assert same.effect is not None
    assert shifted.effect > 2 * same.effect


@pytest.mark.parametrize("monitor", ["chi_square", "jensen_shannon", "l_infinity"])
def test_a_new_mix_is_an_alarm_of_every_categorical_monitor(monitor: str) -> None:
    against = reference(categorical("mix", MIX))
    moved = only(judged(against, 1000, mix=drawn(1, 1000, 0.3, 0.6, 0.1)), monitor, "feature:mix")
    same = only(judged(against, 1000, mix=drawn(2, 1000, 0.6, 0.3, 0.1)), monitor, "feature:mix")
    assert (moved.state, same.state) == (State.ALARM, State.OK)
    assert moved.p_value is not None
    assert moved.p_value < 1e-6


def test_the_effect_of_chi_square_is_the_largest_change_of_a_share() -> None:
    against = reference(categorical("mix", MIX))
    texts = ["a"] * 400 + ["b"] * 400 + ["c"] * 200
    verdict = only(judged(against, 1000, mix=texts), "chi_square", "feature:mix")
    assert verdict.effect == pytest.approx(0.2)
    expected = stats.chi2_contingency([[600, 300, 100], [400, 400, 200]], correction=False)
    assert verdict.statistic == pytest.approx(expected.statistic)
    assert verdict.p_value == pytest.approx(expected.pvalue)


def test_categories_that_were_never_seen_are_a_part_of_the_mix() -> None:
    against = reference(categorical("mix", MIX))
    texts = drawn(5, 1000, 0.5, 0.2, 0.1, 0.2)
    assert only(judged(against, 1000, mix=texts), "chi_square", "feature:mix").state is State.ALARM
    same = reference(categorical("mix", {"a": 500, "b": 200, "c": 100}, other=200))
    assert only(judged(same, 1000, mix=texts), "chi_square", "feature:mix").state is State.OK


def test_a_significant_change_that_is_too_small_to_matter_is_no_alarm_of_the_decider() -> None:
    against = reference(numeric("age", normal(1, 200_000)))
    values = normal(2, 100_000, mean=0.05)
    small = only(judged(against, 100_000, age=values), "ks", "feature:age")
    assert small.statistic is not None
    assert small.threshold is not None
    assert small.statistic > small.threshold
    assert small.statistic < 0.05
    assert small.state is State.OK
    strict = ModelSettings(drift=CLASSIC.model_copy(update={"min_effect": 0.01}))
    assert (
        only(judged(against, 100_000, strict, age=values), "ks", "feature:age").state is State.ALARM
    )
    # beside the decider significance alone counts
    by_psi = ModelSettings(drift=DriftSettings(decide_numeric="psi"))
    verdicts = judged(against, 100_000, by_psi, age=values)
    assert [v.monitor for v in verdicts if v.decides] == ["psi"]
    assert only(verdicts, "ks", "feature:age").state is State.ALARM


def test_the_level_is_split_over_the_columns() -> None:
    one = reference(numeric("age", AGE))
    two = reference(numeric("age", AGE), categorical("mix", MIX))
    values = normal(1, 200)
    alone = only(judged(one, 200, age=values), "ks", "feature:age")
    beside = only(judged(two, 200, age=values), "ks", "feature:age")
    assert alone.threshold == ks.ks_threshold(0.001, 200, 2000)
    assert beside.threshold == ks.ks_threshold(0.0005, 200, 2000)


def test_too_few_rows_or_values_are_thin_and_still_have_figures() -> None:
    against = reference(numeric("age", AGE), categorical("mix", MIX))
    few = judged(against, 99, age=normal(1, 99, 9.0), mix=["new"] * 99)
    assert {v.state for v in few} == {State.THIN}
    assert all(v.statistic is not None and v.n == 99 for v in few)
    holes = judged(against, 150, age=[9.0] * 99 + [None] * 51, mix=["a"] * 150)
    states = {v.column: v.state for v in holes if v.decides}
    assert states == {"feature:age": State.THIN, "feature:mix": State.ALARM}


def test_a_column_without_values_is_thin_without_figures() -> None:
    against = reference(numeric("age", AGE), categorical("mix", MIX))
    verdicts = judged(against, 200)
    assert {v.state for v in verdicts} == {State.THIN}
    assert {(v.statistic, v.threshold, v.p_value, v.effect) for v in verdicts} == {(None,) * 4}


def test_a_constant_reference_still_sees_that_its_value_has_changed() -> None:
    against = reference(numeric("age", np.full(500, 3.0)))
    same = judged(against, 200, age=np.full(200, 3.0))
    assert {v.state for v in same} == {State.OK}
    verdicts = judged(against, 200, age=np.full(200, 4.0))
    assert only(verdicts, "ks", "feature:age").state is State.ALARM
    wasserstein = only(verdicts, "wasserstein", "feature:age")
    assert (wasserstein.statistic, wasserstein.effect) == (1.0, None)
    psi = only(verdicts, "psi", "feature:age")  # one bin: bins cannot see it, and say so
    assert (psi.statistic, psi.threshold, psi.p_value, psi.state) == (0.0, None, 1.0, State.OK)


def test_a_decider_without_an_effect_decides_by_significance() -> None:
    against = reference(numeric("age", np.full(500, 3.0)))
    settings = ModelSettings(drift=DriftSettings(decide_numeric="wasserstein"))
    verdict = only(
        judged(against, 200, settings, age=np.full(200, 4.0)), "wasserstein", "feature:age"
    )
    assert (verdict.state, verdict.decides) == (State.ALARM, True)


def test_every_figure_is_finite_on_the_widest_values_there_are() -> None:
    against = reference(numeric("age", [-1.7e308, 0.0, 1.7e308] * 50))
    for verdict in judged(against, 200, age=[1.7e308] * 200):
        figures = (
            verdict.statistic,
            verdict.threshold,
            verdict.p_value,
            verdict.least,
            verdict.most,
            verdict.effect,
        )
        assert all(figure is None or math.isfinite(figure) for figure in figures)


def test_what_is_kept_of_a_grid_goes_with_it() -> None:
    against: Reference | None = reference(numeric("age", AGE[:50]))
    assert against is not None
    before = len(findings._OF_GRID)
    judged(against, 10, age=[0.0] * 10)
    assert len(findings._OF_GRID) == before + 1
    against = None
    gc.collect()
    assert len(findings._OF_GRID) == before


def test_windows_of_the_reference_are_in_alarm_no_more_often_than_alpha() -> None:
    level = 0.05
    rng = np.random.default_rng(7)
    settings = ModelSettings(drift=DriftSettings(alpha=level, min_effect=0.0, numeric=("ks",)))
    tries = 300
    wrong = 0
    for _ in range(tries):
        against = reference(*(numeric(name, rng.normal(size=300)) for name in "abc"))
        verdicts = judged(against, 150, settings, **{name: rng.normal(size=150) for name in "abc"})
        wrong += any(v.state is State.ALARM for v in verdicts if v.decides)
    assert wrong / tries <= level + 3 * math.sqrt(level / tries)
