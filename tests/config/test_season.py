"""Contexts of the calendar, as text."""

import pytest
from pydantic import ValidationError

from stream_monitor.config.season import Context, SeasonSettings, context


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open = mon-fri 8-20", Context("open", "", "mon-fri", "8-20")),
        ("weekend=sat,sun", Context("weekend", "", "sat,sun", "")),
        ("night = 22-6", Context("night", "", "", "22-6")),
        ("holiday = 2026-12-25,2026-12-26", Context("holiday", "2026-12-25,2026-12-26", "", "")),
    ],
)
def test_a_context_is_a_name_and_its_times(text: str, expected: Context) -> None:
    assert context(text) == expected


@pytest.mark.parametrize("text", ["open", "open =", "= mon", "open = monday", "x = 2026-1-1"])
def test_what_is_no_context_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match="open = mon-fri 8-20"):
        SeasonSettings.model_validate({"by": "context", "contexts": [text]})


def test_contexts_and_by_context_belong_together() -> None:
    with pytest.raises(ValidationError, match="belong together"):
        SeasonSettings.model_validate({"by": "hour", "contexts": ["a = mon"]})
    with pytest.raises(ValidationError, match="belong together"):
        SeasonSettings.model_validate({"by": "context"})


def test_strata_and_whole_periods_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="give one of them"):
        SeasonSettings.model_validate({"by": "hour", "period": "1d"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 8-25", "hours are two different ones"),
        ("x = 24-3", "hours are two different ones"),
        ("x = mon 8-8", "hours are two different ones"),
        ("x = 2027-02-29", "2027-02-29 is no date of the calendar"),
        ("x = 2026-12-25,2026-13-01", "2026-13-01 is no date of the calendar"),
        ("other = sat", "other is what no context fits"),
        ("x = mon-wed-fri", "is no context"),
    ],
)
def test_times_that_do_not_exist_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        SeasonSettings.model_validate({"by": "context", "contexts": [text]})


def test_a_leap_day_is_a_date() -> None:
    assert SeasonSettings(by="context", contexts=("x = 2028-02-29",)).by == "context"
