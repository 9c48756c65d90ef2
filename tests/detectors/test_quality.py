from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.config.monitors import QualitySettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.quality import judge_quality, quality_score
from stream_monitor.detectors.shares import rise_limit
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.events.batch import RawColumn
from stream_monitor.reference.model import NO_REFERENCE, Kind, Reference, Role
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import HASH, batch, categorical, numeric, only, reference, window

SETTINGS = ModelSettings(quality=QualitySettings(decide="test"))
AGE = np.linspace(0, 1, 2000)
WORLD = reference(
    numeric("age", AGE, missing=200),
    categorical("mix", {"a": 1200, "b": 1000}),
    categorical("yes", {"false": 1100, "true": 1100}, kind=Kind.BOOLEAN),
    categorical("prediction", {"0": 1100, "1": 1100}, role=Role.PREDICTION),
)
GOOD: dict[str, RawColumn] = {
    "age": [0.5] * 900 + [None] * 100,
    "mix": ["a"] * 1000,
    "yes": [True] * 1000,
}


def judged(
    summary: ModelSummary, against: Reference | None = WORLD, settings: ModelSettings = SETTINGS
) -> tuple[Verdict, ...]:
    columns = () if against is None else against.columns
    return judge_quality(summary, columns, NO_REFERENCE if against is None else HASH, settings)


def of(**columns: RawColumn) -> ModelSummary:
    """1,000 rows, good in every column but the given ones."""
    features = {name: columns.get(name, good) for name, good in GOOD.items()}
    return ModelSummary.of(
        batch(1000, features, prediction=["1"] * 1000, ids=[str(i) for i in range(1000)]), WORLD
    )


def alarms(verdicts: tuple[Verdict, ...]) -> list[tuple[str, str]]:
    return [(v.column, v.monitor) for v in verdicts if v.state is State.ALARM]


def test_the_verdicts_are_those_of_every_column_then_of_the_model() -> None:
    assert [(v.column, v.monitor) for v in judged(of())] == [
        *[("feature:age", m) for m in ("missing", "non_finite", "wrong_type", "out_of_range")],
        *[("feature:mix", m) for m in ("missing", "non_finite", "wrong_type", "unseen")],
        *[("feature:yes", m) for m in ("missing", "non_finite", "wrong_type")],
        *[("prediction", m) for m in ("missing", "non_finite", "wrong_type", "unseen")],
        ("", "duplicates"),
        ("", "unknown_features"),
        ("", "score"),
    ]


def test_a_window_like_the_reference_has_no_alarm() -> None:
    verdicts = judged(of())
    assert alarms(verdicts) == []
    assert all(v.decides for v in verdicts if v.monitor not in ("unknown_features", "score"))


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("age", [None] * 300 + [0.5] * 700, "missing"),
        ("age", [float("nan")] * 300 + [0.5] * 700, "non_finite"),
        ("age", [float("inf")] * 300 + [0.5] * 700, "non_finite"),
        ("age", ["0.5"] * 300 + [0.5] * 700, "wrong_type"),
        ("age", [1.5] * 300 + [0.5] * 700, "out_of_range"),
        ("age", [-0.5] * 300 + [0.5] * 700, "out_of_range"),
        ("mix", ["c"] * 300 + ["a"] * 700, "unseen"),
        ("mix", [None] * 300 + ["a"] * 700, "missing"),
        ("mix", [[1]] * 300 + ["a"] * 700, "wrong_type"),
        ("yes", ["maybe"] * 300 + [True] * 700, "wrong_type"),
    ],
)
def test_each_fault_is_an_alarm_of_its_own_check_only(
    column: str, values: list[object], expected: str
) -> None:
    assert alarms(judged(of(**{column: values}))) == [(f"feature:{column}", expected)]


def test_a_verdict_has_the_share_its_threshold_and_the_rise() -> None:
    verdict = only(judged(of(age=[None] * 300 + [0.5] * 700)), "missing", "feature:age")
    limit = rise_limit(1000, 200, 2200, 0.001 / 15, 0.01)  # 15 checks of columns share alpha
    assert (verdict.statistic, verdict.threshold) == (0.3, limit / 1000)
    assert verdict.effect == pytest.approx(0.3 - 200 / 2200)
    assert (verdict.n, verdict.reference_n, verdict.reference_hash) == (1000, 2200, HASH)
    assert verdict.p_value is not None
    assert verdict.p_value < 1e-30


def test_too_few_rows_are_thin() -> None:
    verdicts = judged(window(WORLD, 99, age=[9.0] * 99))
    assert {v.state for v in verdicts if v.decides} == {State.THIN}
    assert only(verdicts, "out_of_range", "feature:age").statistic == 1.0


def test_shares_of_usable_values_are_thin_where_these_are_few() -> None:
    verdicts = judged(of(age=[None] * 950 + [9.0] * 50))
    assert only(verdicts, "out_of_range", "feature:age").state is State.THIN
    assert only(verdicts, "missing", "feature:age").state is State.ALARM


def test_no_rows_at_all_are_thin_without_figures() -> None:
    verdicts = judged(ModelSummary.empty(WORLD))
    assert {v.state for v in verdicts} == {State.THIN}
    assert {v.statistic for v in verdicts} == {None, 0.0}  # 0.0: no unknown feature


def test_repeated_prediction_ids_are_counted_against_the_limit() -> None:
    def duplicates(distinct: int, limit: float = 0.01) -> Verdict:
        settings = ModelSettings(quality=QualitySettings(max_duplicates=limit))
        ids = [str(i % distinct) for i in range(1000)]
        summary = ModelSummary.of(batch(1000, ids=ids), None)
        return only(judged(summary, None, settings), "duplicates")

    assert (duplicates(1000).statistic, duplicates(1000).state) == (0.0, State.OK)
    assert (duplicates(990).statistic, duplicates(990).state) == (0.01, State.OK)
    assert (duplicates(989).statistic, duplicates(989).state) == (0.011, State.ALARM)
    assert duplicates(500, limit=0.5).state is State.OK
    assert duplicates(989).lower == duplicates(989).upper == 0.011  # exact, not estimated


def test_an_estimated_share_of_duplicates_has_an_interval_that_holds_the_truth() -> None:
    ids = [str(i % 18_000) for i in range(20_000)]
    verdict = only(judged(ModelSummary.of(batch(20_000, ids=ids), None), None), "duplicates")
    assert verdict.lower is not None
    assert verdict.upper is not None
    assert verdict.lower < 0.1 < verdict.upper
    assert verdict.upper - verdict.lower < 0.06
    assert verdict.state is State.ALARM


def test_without_ids_duplicates_are_thin() -> None:
    verdict = only(judged(window(None, 1000), None), "duplicates")
    assert (verdict.state, verdict.statistic, verdict.n) == (State.THIN, None, 0)


def test_without_a_reference_there_are_only_duplicates() -> None:
    assert [v.monitor for v in judged(window(None, 1000), None)] == ["duplicates"]


def test_features_the_reference_does_not_have_are_counted_by_name() -> None:
    summary = window(WORLD, 200, age=[0.5] * 200, extra=[1] * 200, more=[None] * 199 + [1])
    verdict = only(judged(summary), "unknown_features")
    assert (verdict.statistic, verdict.state, verdict.decides) == (2.0, State.INFO, False)


def test_a_window_like_the_reference_scores_one() -> None:
    summary = of(age=[0.5] * 910 + [None] * 90)
    assert quality_score(summary, WORLD.columns) == 1.0
    verdict = only(judged(summary), "score")
    assert (verdict.statistic, verdict.state, verdict.decides) == (1.0, State.INFO, False)


def test_the_score_is_one_less_the_mean_problem_share_times_the_distinct_share() -> None:
    half = of(mix=["?"] * 500 + ["a"] * 500, age=[0.5] * 1000)
    assert quality_score(half, WORLD.columns) == pytest.approx(1 - 0.5 / 4)
    twice = ModelSummary.of(
        batch(1000, {**GOOD, "age": [0.5] * 1000}, prediction=["1"] * 1000, ids=["1"] * 1000),
        WORLD,
    )
    assert quality_score(twice, WORLD.columns) == pytest.approx(1 / 1000)


def test_the_worst_score_is_zero_and_there_is_none_without_rows() -> None:
    assert quality_score(window(WORLD, 10), WORLD.columns) == pytest.approx(
        1 - (3 + 2000 / 2200) / 4
    )
    clean = reference(numeric("age", AGE))
    assert quality_score(window(clean, 10), clean.columns) == 0.0
    assert quality_score(ModelSummary.empty(clean), clean.columns) is None
