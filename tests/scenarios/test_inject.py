"""Injections: what each does, and that it does it to its own rows and columns alone."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.errors import DataError
from stream_monitor.scenarios.generate.seeds import generator
from stream_monitor.scenarios.generate.stream import NEVER, Stream
from stream_monitor.scenarios.inject.apply import INJECT, inject
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.spec import injections as kinds
from stream_monitor.scenarios.spec.injections import Injection
from tests.scenarios.shipped import shipped

START = 1_700_000_000_000
ROWS = 4_000
WHEN: dict[str, Any] = {"at_ms": 1_000_000, "until_ms": 3_000_000}

EACH: tuple[Injection, ...] = (
    kinds.SuddenDrift(inject="sudden_drift", feature="x", shift=1.5, scale=2.0, **WHEN),
    kinds.SuddenDrift(inject="sudden_drift", feature="c", shares={"a": 1.0, "d": 1.0}, **WHEN),
    kinds.SuddenDrift(inject="sudden_drift", feature="flag", shares={"true": 1.0}, **WHEN),
    kinds.GradualDrift(inject="gradual_drift", feature="x", factor=3.0, over_ms=10**6, **WHEN),
    kinds.Seasonal(inject="seasonal", feature="n", swing=3.0, **WHEN),
    kinds.CorrelationBreak(inject="correlation_break", feature="x", **WHEN),
    kinds.NewCategory(inject="new_category", feature="c", category="z", share=0.3, **WHEN),
    kinds.DataQuality(
        inject="data_quality", feature="x", missing=0.1, outliers=0.1, type_break=0.1, **WHEN
    ),
    kinds.DataQuality(inject="data_quality", feature="x", unit_change=100.0, **WHEN),
    kinds.FeatureSwap(inject="feature_swap", features=("x", "n"), **WHEN),
    kinds.FeatureSwap(inject="feature_swap", features=("x", "c"), **WHEN),
    kinds.SchemaBreak(inject="schema_break", feature="x", rename="y", **WHEN),
    kinds.CanaryRegression(inject="canary_regression", share=0.4, error=0.5, **WHEN),
    kinds.LatencySpike(inject="latency_spike", factor=5.0, share=0.5, **WHEN),
    kinds.LabelDelay(inject="label_delay", delay_ms=10**6, never=0.2, **WHEN),
    kinds.TrafficDrop(inject="traffic_drop", keep=0.2, **WHEN),
    kinds.DuplicateStorm(inject="duplicate_storm", share=0.3, copies=2, **WHEN),
    kinds.RegressionBias(inject="regression_bias", bias=4.0, factor=1.1, **WHEN),
)


def stream(seed: int = 0) -> Stream:
    """Rows a second apart: x a number, n a count, c a category, flag true or false; two plans."""
    rng = np.random.default_rng(seed)
    times = START + 1000 * np.arange(ROWS, dtype=np.int64)
    return Stream(
        times,
        np.array([f"id-{i}" for i in range(ROWS)], dtype=object),
        {
            "x": rng.normal(10, 2, ROWS),
            "n": rng.poisson(4, ROWS),
            "c": rng.choice(np.array(["a", "b"], dtype=object), ROWS),
            "flag": rng.random(ROWS) < 0.5,
        },
        prediction=rng.normal(50, 5, ROWS),
        score=rng.random(ROWS),
        truth=rng.normal(50, 5, ROWS),
        latency_ms=rng.lognormal(2, 0.3, ROWS),
        version=np.full(ROWS, "v1", dtype=object),
        label_at=np.where(rng.random(ROWS) < 0.1, NEVER, times + 60_000),
        segments={"plan": rng.choice(np.array(["basic", "gold"], dtype=object), ROWS)},
    )


def after(one: Injection, before: Stream, seed: int = 0) -> Stream:
    return inject({"it": one}, before, START, seed, lambda name: (10.0, 2.0))


def cells(of: Stream) -> dict[str, list[object]]:
    """Every column by its name, features among them."""
    found: dict[str, list[object]] = {}
    for field in fields(of):
        value = getattr(of, field.name)
        if field.name in ("features", "segments"):
            found |= {f"{field.name} {name}": column.tolist() for name, column in value.items()}
        else:
            found[field.name] = value.tolist()
    return found


@pytest.mark.parametrize("where", [{}, {"plan": "gold"}], ids=["everywhere", "one-segment"])
@pytest.mark.parametrize("one", EACH, ids=lambda one: type(one).__name__)
def test_nothing_changes_outside_of_its_time_and_segment_nor_in_the_stream_it_was_given(
    one: Injection, where: dict[str, str]
) -> None:
    one = one.model_copy(update={"where": where})
    before = stream()
    kept = cells(before)
    changed = after(one, before)
    assert cells(before) == kept
    since = changed.times - START
    quiet = (since < 1_000_000) | (since >= 3_000_000)
    at_rest = 2_000
    if where:
        quiet |= changed.segments["plan"] == "basic"
        at_rest += int((before.segments["plan"][1_000:3_000] == "basic").sum())
    rows = np.array([int(id_[3:]) for id_ in changed.ids])
    assert len(set(rows[quiet].tolist())) == quiet.sum() == at_rest
    found = cells(changed)
    for name, column in found.items():
        if name in kept:
            is_ = [column[i] for i in np.flatnonzero(quiet)]
            was = [kept[name][row] for row in rows[quiet]]
            assert is_ == was, name
    assert found != kept


@pytest.mark.parametrize("one", EACH, ids=lambda one: type(one).__name__)
def test_the_same_seed_injects_the_same(one: Injection) -> None:
    assert cells(after(one, stream(), 3)) == cells(after(one, stream(), 3))


@given(
    st.lists(st.sampled_from(EACH), min_size=2, max_size=4, unique_by=lambda one: id(one)),
    st.integers(0, 5),
)
def test_any_injections_compose_one_after_the_other(chosen: list[Injection], seed: int) -> None:
    named = {f"i{place}": one for place, one in enumerate(chosen)}
    at_once = inject(named, stream(), START, seed, lambda name: (10.0, 2.0))
    one_by_one = stream()
    for name, one in named.items():
        one_by_one = inject({name: one}, one_by_one, START, seed, lambda name: (10.0, 2.0))
    assert cells(at_once) == cells(one_by_one)


def active(of: Stream) -> np.ndarray[Any, Any]:
    since = of.times - START
    return (since >= 1_000_000) & (since < 3_000_000)


def test_every_kind_is_tried_here() -> None:
    assert {type(one) for one in EACH} == set(INJECT)


def test_a_drift_moves_the_mean_and_the_spread() -> None:
    before, changed = stream(), after(EACH[0], stream())
    x, was = (each.features["x"][active(before)] for each in (changed, before))
    assert np.allclose(x, 10 + (was - 10) * 2 + 3)


def test_a_gradual_drift_grows_to_all_of_it_and_stays() -> None:
    before, changed = stream(), after(EACH[3], stream())
    ratio = changed.features["x"] / before.features["x"]
    assert ratio[1_000] == pytest.approx(1)
    assert ratio[1_500] == pytest.approx(2)
    assert np.allclose(ratio[2_000:3_000], 3)
    assert (np.diff(ratio[1_000:2_000]) > 0).all()


def test_other_shares_replace_the_categories() -> None:
    changed = after(EACH[1], stream())
    found = changed.features["c"][active(changed)]
    assert set(found) == {"a", "d"}
    assert abs(np.mean(found == "d") - 0.5) < 0.05
    assert after(EACH[2], stream()).features["flag"][1_000:3_000].all()


def test_a_count_stays_whole_with_a_season() -> None:
    assert after(EACH[4], stream()).features["n"].dtype == np.int64


def test_a_broken_correlation_leaves_the_values_as_they_are() -> None:
    before, changed = stream(), after(EACH[5], stream())
    now, was = (each.features["x"][1_000:3_000] for each in (changed, before))
    assert sorted(now) == sorted(was)
    assert abs(np.corrcoef(now, was)[0, 1]) < 0.1


def test_broken_values_have_the_shares_that_are_asked_for() -> None:
    changed = after(EACH[7], stream())
    found = changed.features["x"][active(changed)].tolist()
    gone = [value for value in found if value is None]
    texts = [value for value in found if isinstance(value, str)]
    out = [value for value in found if isinstance(value, float) and value == 50.0]
    for group in (gone, texts, out):
        assert abs(len(group) / 2_000 - 0.1) < 0.04
    assert all(float(text) for text in texts)
    of_category = kinds.DataQuality(inject="data_quality", feature="c", type_break=1.0)
    assert set(map(type, after(of_category, stream()).features["c"])) == {list}


def test_another_unit_is_a_factor() -> None:
    before, changed = stream(), after(EACH[8], stream())
    assert np.allclose(changed.features["x"][1_000:3_000], 100 * before.features["x"][1_000:3_000])


def test_features_get_each_others_values() -> None:
    before, changed = stream(), after(EACH[9], stream())
    assert changed.features["x"][1_000:3_000].tolist() == before.features["n"][1_000:3_000].tolist()
    assert changed.features["n"][1_000:3_000].tolist() == before.features["x"][1_000:3_000].tolist()
    mixed = after(EACH[10], stream())
    assert set(mixed.features["x"][1_000:3_000]) == {"a", "b"}


def test_a_renamed_feature_is_missing_and_there_under_its_new_name() -> None:
    before, changed = stream(), after(EACH[11], stream())
    assert set(changed.features["x"][1_000:3_000]) == {None}
    assert changed.features["y"][1_000:3_000].tolist() == before.features["x"][1_000:3_000].tolist()
    assert set(changed.features["y"][:1_000]) == {None}
    batches = [*changed.batches("m", chunk=500)]
    assert ["x" in batch.features for batch in batches] == [True] * 2 + [False] * 4 + [True] * 2
    assert ["y" in batch.features for batch in batches] == [False] * 2 + [True] * 4 + [False] * 2
    gone = kinds.SchemaBreak(inject="schema_break", feature="x")
    assert set(after(gone, stream()).features) == {"x", "n", "c", "flag"}


def test_a_canary_answers_with_the_answers_of_others() -> None:
    before, changed = stream(), after(EACH[12], stream())
    assert changed.version is not None
    canary = changed.version == "canary"
    assert abs(canary[1_000:3_000].mean() - 0.4) < 0.05
    assert before.score is not None
    assert changed.score is not None
    moved = changed.score != before.score
    assert not (moved & ~canary).any()
    assert abs(moved[canary].mean() - 0.5) < 0.06
    assert sorted(changed.score) == sorted(before.score)


def test_a_bias_is_on_the_answers_alone_and_needs_numbers() -> None:
    before, changed = stream(), after(EACH[17], stream())
    assert before.prediction is not None
    assert changed.prediction is not None
    assert np.allclose(
        changed.prediction[1_000:3_000], 1.1 * before.prediction[1_000:3_000] + 4, atol=1e-9
    )
    whole = replace(before, prediction=np.arange(ROWS))
    half = kinds.RegressionBias(inject="regression_bias", bias=0.5)
    moved = after(half, whole).prediction
    assert moved is not None
    assert moved.tolist() == [i + 0.5 for i in range(ROWS)]
    for answers in (np.full(ROWS, "yes", dtype=object), np.full(ROWS, True), None):
        with pytest.raises(DataError, match="regression_bias needs predictions that are numbers"):
            after(half, replace(before, prediction=answers))


def test_a_spike_takes_so_many_times_as_long() -> None:
    before, changed = stream(), after(EACH[13], stream())
    assert before.latency_ms is not None
    assert changed.latency_ms is not None
    ratio = changed.latency_ms / before.latency_ms
    assert set(ratio.round(6)) == {1.0, 5.0}
    assert abs((ratio[1_000:3_000] > 1).mean() - 0.5) < 0.05


def test_labels_come_later_and_what_never_came_still_does_not() -> None:
    before, changed = stream(), after(EACH[14], stream())
    assert before.label_at is not None
    assert changed.label_at is not None
    hit = active(before)
    assert (changed.label_at[before.label_at == NEVER] == NEVER).all()
    came = hit & (changed.label_at != NEVER)
    assert abs(np.median((changed.label_at - changed.times)[came]) / 10**6 - 1) < 0.1
    assert abs(1 - came[hit].mean() - 0.28) < 0.05
    assert after(EACH[14], stream()).label_at is not None


def test_traffic_drops_to_a_share_and_duplicates_come_one_after_the_other() -> None:
    dropped = after(EACH[15], stream())
    assert abs(active(dropped).sum() / 2_000 - 0.2) < 0.05
    repeated = after(EACH[16], stream())
    assert abs(len(repeated) / ROWS - 1.3) < 0.05
    ids, counts = np.unique(repeated.ids.astype(str), return_counts=True)
    assert len(ids) == ROWS
    assert set(counts.tolist()) == {1, 3}
    assert (np.diff(repeated.times) >= 0).all()
    labels = repeated.labels("m")
    assert labels is not None
    assert len(set(labels.prediction_ids)) == len(labels)


def test_an_injection_without_an_end_lasts() -> None:
    one = kinds.TrafficDrop(inject="traffic_drop", keep=0.0, at_ms=10_000)
    context = Context(START, generator(0), lambda name: (0.0, 1.0))
    assert context.active(one, stream()).sum() == ROWS - 10
    assert len(after(one, stream())) == 10


def test_what_changes_in_the_world_reaches_truth_and_model_and_what_is_given_only_the_model() -> (
    None
):
    quiet = "timeline={}"
    plain = prepare(shipped("no_drift", "duration=1h"), 2).stream
    assert plain.truth is not None
    assert plain.score is not None
    drifts = "timeline={w: {inject: sudden_drift, feature: utilisation, shift: 2}}"
    world = prepare(shipped("no_drift", "duration=1h", quiet, drifts), 2).stream
    assert world.truth is not None
    assert world.score is not None
    assert np.mean(world.truth == "default") > np.mean(plain.truth == "default") + 0.1
    assert world.score.mean() > plain.score.mean() + 0.1
    broken = "timeline={q: {inject: data_quality, feature: utilisation, unit_change: 100}}"
    inputs = prepare(shipped("no_drift", "duration=1h", quiet, broken), 2).stream
    assert inputs.truth is not None
    assert inputs.score is not None
    assert inputs.truth.tolist() == plain.truth.tolist()
    assert inputs.score.mean() > plain.score.mean() + 0.1
    concept = "timeline={c: {inject: concept_drift, intercept: 2}}"
    truth = prepare(shipped("no_drift", "duration=1h", quiet, concept), 2).stream
    assert truth.truth is not None
    assert truth.score is not None
    assert np.mean(truth.truth == "default") > 0.7
    assert truth.score.tolist() == plain.score.tolist()
