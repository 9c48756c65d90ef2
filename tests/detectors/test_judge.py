from __future__ import annotations

import json
import random
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import LatencySettings, PerformanceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.judge import judge, judged_columns
from stream_monitor.detectors.verdict import Family, State
from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.reference.derived import Products, Standard
from stream_monitor.reference.model import Role, Task
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import batch, categorical, normal, numeric, only, reference, window

WORLD = reference(
    numeric("age", normal(1, 400)),
    categorical("mix", {"a": 300, "b": 100}),
    categorical("prediction", {"0": 200, "1": 200}, role=Role.PREDICTION),
    numeric("score", normal(2, 400), role=Role.SCORE),
    task=Task.BINARY,
    classes=("0", "1"),
    positive="1",
)
SETTINGS = ModelSettings(
    min_samples=5,
    performance=PerformanceSettings(min=MinimumSettings(accuracy=0.9, f1=0.9)),
    latency=LatencySettings(max_p99_ms=10.0),
)
MOVING = replace(
    reference(
        numeric("a", normal(3, 400)),
        numeric("b", normal(4, 400)),
        numeric("c", normal(5, 400)),
        *(numeric(name, normal(6, 400), role=Role.DEPENDENCE) for name in ("a*b", "a*c", "b*c")),
    ),
    derived=Products(
        Standard(("a", "b", "c"), np.full(3, -4.0), np.full(3, 4.0), np.zeros(3), np.ones(3)),
        np.array([[0, 1], [0, 2], [1, 2]]),
    ),
)
odd = st.sampled_from([None, "a", "b", True, 1, 0.5, -7.0, 1e300, float("nan"), float("inf"), [1]])
rows = st.lists(st.tuples(odd, odd, odd, odd, odd, odd), max_size=25)


def of(events: list[tuple[object, ...]]) -> ModelSummary:
    age, mix, prediction, score, truth, latency = (
        [list(column) for column in zip(*events, strict=True)] if events else [[]] * 6
    )
    return ModelSummary.of(
        batch(
            len(events),
            {"age": age, "mix": mix, "extra": mix},
            prediction=prediction,
            score=score,
            truth=truth,
            latency_ms=latency,
            ids=[str(i % 7) for i in range(len(events))],
        ),
        WORLD,
    )


def questions(summary: ModelSummary) -> list[tuple[str, str, str, bool]]:
    verdicts = judge(summary, WORLD, SETTINGS)
    return [(v.family.value, v.monitor, v.column, v.decides) for v in verdicts]


def test_the_families_come_in_their_order_and_no_question_twice() -> None:
    asked = questions(ModelSummary.empty(WORLD))
    families = list(dict.fromkeys(family for family, *_ in asked))
    assert families == [f.value for f in Family]
    assert len(set(asked)) == len(asked)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_what_is_asked_does_not_depend_on_the_window(events: list[tuple[object, ...]]) -> None:
    assert questions(of(events)) == questions(ModelSummary.empty(WORLD))


@settings(deadline=None, max_examples=60)
@given(rows, st.integers(0, 25), st.randoms())
def test_verdicts_do_not_depend_on_order_or_split(
    events: list[tuple[object, ...]], cut: int, rng: random.Random
) -> None:
    whole = judge(of(events), WORLD, SETTINGS)
    shuffled = [*events]
    rng.shuffle(shuffled)
    # the same ids on either side: duplicates are between the parts as well
    parts = of(shuffled[:cut]).merge(of(shuffled[cut:]))
    split = judge(parts, WORLD, SETTINGS)
    skipped = ("duplicates", "score")  # of ids, which follow the rows' places here
    assert [v for v in whole if v.monitor not in skipped or v.column] == [
        v for v in split if v.monitor not in skipped or v.column
    ]


@settings(deadline=None, max_examples=60)
@given(rows)
def test_every_verdict_is_json_whatever_came(events: list[tuple[object, ...]]) -> None:
    for verdict in judge(of(events), WORLD, SETTINGS):
        json.dumps(asdict(verdict), allow_nan=False)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_states_follow_from_the_figures(events: list[tuple[object, ...]]) -> None:
    for verdict in judge(of(events), WORLD, SETTINGS):
        if verdict.state in (State.OK, State.ALARM) and verdict.threshold is not None:
            assert verdict.statistic is not None
            passed = (
                verdict.statistic < verdict.threshold
                if verdict.below
                else verdict.statistic > verdict.threshold
            )
            assert passed or verdict.state is State.OK
            if verdict.family is not Family.DRIFT:
                assert passed == (verdict.state is State.ALARM)
        if verdict.statistic is None:
            assert verdict.state is State.THIN


def test_ignored_features_are_not_judged_but_a_prediction_of_their_name_is() -> None:
    columns = judged_columns(WORLD, ModelSettings(ignore=("age", "prediction", "score")))
    assert [column.id for column in columns] == ["feature:mix", "prediction", "score"]
    verdicts = judge(ModelSummary.empty(WORLD), WORLD, ModelSettings(ignore=("age",)))
    assert "feature:age" not in {v.column for v in verdicts}


def test_without_a_reference_only_what_needs_none_is_judged() -> None:
    verdicts = judge(window(None, 200), None, SETTINGS)
    assert [v.monitor for v in verdicts] == [
        *["duplicates", "coverage", "delay_p50", "delay_p90", "delay_p99", "labelled_shift"],
        "accuracy",
        *["p50", "p90", "p99", "mean"],
    ]
    assert {v.reference_hash for v in verdicts} == {"none"}


def test_a_summary_of_another_reference_is_refused() -> None:
    with pytest.raises(UnlikeSummaryError, match="cannot be judged"):
        judge(ModelSummary.empty(None), WORLD, SETTINGS)
    with pytest.raises(UnlikeSummaryError, match="cannot be judged"):
        judge(ModelSummary.empty(WORLD), None, SETTINGS)


def test_a_derived_column_is_judged_for_drift_and_not_for_quality() -> None:
    summary = window(MOVING, 400, a=normal(7, 400), b=normal(8, 400))
    verdicts = judge(summary, MOVING, SETTINGS)
    of_derived = {v.family for v in verdicts if v.column == "dependence:a*b"}
    assert of_derived == {Family.DRIFT}
    assert only(verdicts, "ks", "dependence:a*b").n == 400
    assert only(verdicts, "ks", "dependence:b*c").n == 0
    # One of three features is lacking; its products are no further problem.
    assert only(verdicts, "score").statistic == pytest.approx(2 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ((), ["dependence:a*b", "dependence:a*c", "dependence:b*c"]),
        (("a",), ["dependence:b*c"]),
        (("dependence:a*b",), ["dependence:a*c", "dependence:b*c"]),
        (("a", "b"), []),
    ],
)
def test_a_derived_column_goes_with_any_of_its_features(
    ignore: tuple[str, ...], left: list[str]
) -> None:
    columns = judged_columns(MOVING, ModelSettings(ignore=ignore))
    assert [column.id for column in columns if column.role is Role.DEPENDENCE] == left
