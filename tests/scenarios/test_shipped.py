"""Every shipped scenario holds what it states, for more than one seed."""

from pathlib import Path
from typing import get_args

import pytest

from stream_monitor import data
from stream_monitor.scenarios.check import check
from stream_monitor.scenarios.inject.apply import INJECT
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.spec.injections import ConceptDrift
from tests.scenarios.shipped import TEXTS, shipped

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", TEXTS)
def test_a_shipped_scenario_holds_what_it_states(name: str, seed: int) -> None:
    scenario = shipped(name)
    checked = check(scenario, prepare(scenario, seed))
    assert [outcome for outcome in checked.outcomes if not outcome.holds] == []
    assert checked.windows >= 20


def test_a_stream_without_drift_is_silent_for_more_seeds() -> None:
    scenario = shipped("no_drift", "duration=2h")
    for seed in range(2, 6):
        assert check(scenario, prepare(scenario, seed)).alerts == ()


def test_what_is_not_broken_is_not_found() -> None:
    """Each scenario with something to be found differs where nothing is broken."""
    for name in ("sudden_drift", "new_category", "latency_spike"):
        scenario = shipped(name)
        unbroken = prepare(scenario.model_copy(update={"timeline": {}}), 0)
        checked = check(scenario, unbroken)
        assert checked.alerts == ()
        stated = len(scenario.expect.due) + (name == "sudden_drift")  # an outcome a column
        assert [outcome.holds for outcome in checked.outcomes].count(False) == stated


def test_every_injection_is_in_a_scenario_of_its_name() -> None:
    kinds = {
        kind: get_args(kind.model_fields["inject"].annotation)[0]
        for kind in (*INJECT, ConceptDrift)
    }
    assert {*kinds.values(), "no_drift"} == set(TEXTS)
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
def test_every_statement_has_a_time_within_the_stream(name: str) -> None:
    scenario = shipped(name)
    assert all(one.by_ms <= scenario.duration_ms for one in scenario.expect.due)
    assert len(scenario.story) <= 200
