"""The budget of false alarms, as text and in panes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.config import duration
from stream_monitor.config.budget import Budget, parse
from stream_monitor.config.settings import ModelSettings


def test_one_a_month_with_five_minute_panes_is_one_in_8640_panes() -> None:
    assert parse("1 per 30d").panes(5 * duration.MINUTE) == 8640


def test_the_default_is_one_false_alarm_in_30_days() -> None:
    assert ModelSettings().false_alarms == Budget(1.0, 30 * duration.DAY)


def test_settings_take_the_budget_as_text() -> None:
    settings = ModelSettings.model_validate({"false_alarms": "0.5 per 7d"})
    assert settings.false_alarms == Budget(0.5, 7 * duration.DAY)


def test_however_long_the_panes_are_one_in_a_hundred_at_most_is_a_false_alarm() -> None:
    assert parse("1 per 30d").panes(365 * duration.DAY) == 100


@given(st.integers(1, 10**6), st.integers(1, duration.LONGEST))
def test_a_rendered_budget_is_read_as_the_same(count: int, per_ms: int) -> None:
    budget = Budget(float(count), per_ms)
    assert parse(str(budget)) == budget


@pytest.mark.parametrize("value", ["", "1", "one per 30d", "1 per", "-1 per 30d", 1, None, True])
def test_what_is_no_budget_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(ValueError, match="such as 1 per 30d"):
        parse(value)


@pytest.mark.parametrize("value", ["0 per 30d", "1 per 0d"])
def test_a_budget_of_nothing_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="allows none"):
        parse(value)
