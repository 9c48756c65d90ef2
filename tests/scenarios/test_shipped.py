"""Every shipped scenario holds what it states, and differs where nothing is broken."""

from pathlib import Path
from typing import get_args

import pytest

from stream_monitor import data
from stream_monitor.scenarios.check import check, compare, play
from stream_monitor.scenarios.inject.apply import INJECT
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.spec.injections import ConceptDrift, Injection
from tests.scenarios.shipped import TEXTS, shipped

ROOT = Path(__file__).parents[2]


#: Where chance has a say in what is found and when; what the others break is there or is not.
BY_CHANCE = (
    "canary_regression",
    "concept_drift",
    "correlation_break",
    "gradual_drift",
    "regression_bias",
    "seasonal",
    "sudden_drift",
)


@pytest.mark.parametrize(
    ("name", "seed"), [*((name, 0) for name in TEXTS), *((name, 1) for name in BY_CHANCE)]
)
def test_a_shipped_scenario_holds_what_it_states(name: str, seed: int) -> None:
    scenario = shipped(name)
    checked = check(scenario, prepare(scenario, seed))
    assert [outcome for outcome in checked.outcomes if not outcome.holds] == []
    assert checked.windows >= 20


#: Those whose stream is that of no_drift until something breaks.
SAME_STREAM = (
    "data_quality",
    "duplicate_storm",
    "feature_swap",
    "gradual_drift",
    "latency_spike",
    "new_category",
    "schema_break",
    "sudden_drift",
)


def test_a_stream_without_drift_is_silent_for_more_seeds() -> None:
    scenario = shipped("no_drift", "duration=2h")
    for seed in range(2, 6):
        assert check(scenario, prepare(scenario, seed)).alerts == ()


def test_what_is_not_broken_is_not_found() -> None:
    """One stream in which nothing happens, beside what each scenario of it states."""
    unbroken = shipped("no_drift", "settings.latency.max_p99=60ms")
    prepared = prepare(unbroken, 1)
    published = play(unbroken, prepared)
    for name in SAME_STREAM:
        scenario = shipped(name)
        checked = compare(scenario, prepared.start_ms, published)
        assert checked.alerts == ()
        stated = [len(one.columns) or 1 for one in scenario.expect.found]
        failing = [outcome for outcome in checked.outcomes if not outcome.holds]
        assert len(failing) == sum(stated) + len(scenario.expect.figures), name


def test_a_cycle_that_is_usual_is_an_alarm_only_where_the_season_is_not_told() -> None:
    untold = shipped("seasonal", "duration=12h", "settings.season.by=none", "cycle.at=11h59m")
    told = shipped("seasonal", "duration=12h", "cycle.at=11h59m")
    alarms = {
        by: {column for alert in check(one, prepare(one, 0)).alerts for column in alert.columns}
        for by, one in (("none", untold), ("hour", told))
    }
    assert alarms == {"none": {"feature:income"}, "hour": set()}


def test_every_injection_is_in_a_scenario_of_its_name() -> None:
    every: list[type[Injection]] = [*INJECT, ConceptDrift]
    kinds = {kind: get_args(kind.model_fields["inject"].annotation)[0] for kind in every}
    assert {*kinds.values(), "no_drift"} == set(TEXTS)
    assert {*BY_CHANCE, *SAME_STREAM} < set(TEXTS)
    for kind, name in kinds.items():
        assert any(isinstance(one, kind) for one in shipped(name).timeline.values())
    assert shipped("no_drift").timeline == {}


def test_the_package_ships_the_files_of_the_folder() -> None:
    folder = {file.stem: file.read_text(encoding="utf-8") for file in ROOT.glob("scenarios/*.yaml")}
    assert folder == TEXTS
    assert {file.parent.parent for file in data.scenarios().values()} == {
        Path(data.__file__).parent
    }


@pytest.mark.parametrize("name", TEXTS)
def test_each_states_what_must_be_found_within_its_time_and_what_must_not(name: str) -> None:
    scenario = shipped(name)
    assert all(one.by_ms <= scenario.duration_ms for one in scenario.expect.due)
    assert bool(scenario.expect.due) == bool(scenario.timeline)
    assert scenario.expect.never
    assert len(scenario.story) <= 200
