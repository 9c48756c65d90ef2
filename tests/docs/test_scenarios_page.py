"""The page on scenarios says what the code does."""

import re

from scripts import make_scenario_doc
from stream_monitor.config.kinds import key_of
from stream_monitor.scenarios.check import check
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.spec.load import KEYS
from stream_monitor.scenarios.spec.scenario import Scenario
from tests.scenarios.shipped import written

TEXT = make_scenario_doc.PAGE.read_text(encoding="utf-8")


def test_the_tables_are_up_to_date() -> None:
    assert make_scenario_doc.page(TEXT) == TEXT


def test_the_scenario_that_the_page_writes_holds_what_it_states() -> None:
    (text,) = re.findall(r"^```yaml scenario\n(.*?)^```$", TEXT, re.M | re.S)
    scenario = written(text)
    checked = check(scenario, prepare(scenario, 0))
    assert [outcome for outcome in checked.outcomes if not outcome.holds] == []


def test_the_page_names_every_key_and_every_default_it_tells() -> None:
    assert {key for key in KEYS if f"| `{key}` |" in TEXT} == set(KEYS)
    assert set(KEYS) == {key_of(name) for name in Scenario.model_fields}
