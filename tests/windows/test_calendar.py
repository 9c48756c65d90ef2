"""From a time to its stratum, against the standard library's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stream_monitor.config.duration import DAY, HOUR, MINUTE
from stream_monitor.config.season import DAYS, SeasonSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.windows.calendar import longest_slide_ms, places, strata, stratum

OFFSETS = st.integers(-840, 840)
TIMES = st.integers(-62_000_000_000_000, 100_000_000_000_000)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CONTEXTS = (
    ("holiday = 2026-12-25,2024-02-29", "night = 22-6", "weekend = sat-mon"),
    ("open = mon-fri 8-20", "open = sat 9-13", "feast = 2026-05-01"),
    ("shift = fri,sun 20-4",),
    ("all = mon-sun",),
)


def context_season(contexts: tuple[str, ...], offset: int = 0) -> SeasonSettings:
    return SeasonSettings(by="context", contexts=contexts, utc_offset_minutes=offset)


SEASONS = st.one_of(
    st.builds(
        lambda by, offset: SeasonSettings(by=by, utc_offset_minutes=offset),
        st.sampled_from(["none", "hour", "weekday", "hour_of_week"]),
        OFFSETS,
    ),
    st.builds(context_season, st.sampled_from(CONTEXTS), OFFSETS),
)


def ms(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


@given(TIMES, OFFSETS)
def test_hours_and_weekdays_are_those_of_the_calendar(time_ms: int, offset: int) -> None:
    zone = timezone(timedelta(minutes=offset))
    local = (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(zone)
    day, hour = DAYS[local.weekday()], f"{local.hour:02}"
    expected = {"hour": f"hour {hour}", "weekday": day, "hour_of_week": f"{day} {hour}", "none": ""}
    for by, name in expected.items():
        season = SeasonSettings.model_validate({"by": by, "utc_offset_minutes": offset})
        assert stratum(season, time_ms) == name


@given(SEASONS, st.lists(TIMES, max_size=20))
def test_many_times_are_placed_as_each_by_itself(season: SeasonSettings, times: list[int]) -> None:
    found = places(season, np.array(times, dtype=np.int64))
    assert [strata(season)[at] for at in found] == [stratum(season, time) for time in times]


def test_the_strata_are_in_the_order_of_the_week() -> None:
    assert strata(SeasonSettings()) == ("",)
    assert strata(SeasonSettings(by="hour"))[::23] == ("hour 00", "hour 23")
    assert strata(SeasonSettings(by="weekday")) == DAYS
    of_week = strata(SeasonSettings(by="hour_of_week"))
    assert (len(of_week), of_week[0], of_week[7], of_week[-1]) == (
        168,
        "mon 00",
        "mon 07",
        "sun 23",
    )
    assert strata(context_season(CONTEXTS[1])) == ("open", "feast", "other")


@pytest.mark.parametrize(
    ("contexts", "time", "expected"),
    [
        (("night = 22-6",), "2026-11-24T22:00", "night"),
        (("night = 22-6",), "2026-11-24T05:59:59.999", "night"),
        (("night = 22-6",), "2026-11-24T06:00", "other"),
        (("night = 22-6",), "2026-11-24T21:59:59.999", "other"),
        # A night belongs to the day on which it begins: Friday's ends on Saturday.
        (("shift = fri 22-6",), "2026-11-28T05:00", "shift"),
        (("shift = fri 22-6",), "2026-11-27T05:00", "other"),
        (("shift = sun 22-6",), "2026-11-30T01:00", "shift"),
        (("late = 20-0",), "2026-11-30T00:00", "other"),
        (("late = 20-24",), "2026-11-30T23:00", "late"),
        (("off = sat-mon",), "2026-11-28T00:00", "off"),
        (("off = sat-mon",), "2026-11-30T23:59", "off"),
        (("off = sat-mon",), "2026-12-01T00:00", "other"),
        (("some = mon-tue,fri",), "2026-11-27T12:00", "some"),
        (("some = mon-tue,fri",), "2026-11-26T12:00", "other"),
        (("leap = 2024-02-29",), "2024-02-29T23:59", "leap"),
        (("leap = 2024-02-29",), "2024-03-01T00:00", "other"),
        (("old = 1968-02-29",), "1968-02-29T12:00", "old"),
        (("holiday = 2026-12-25", "open = mon-fri 8-20"), "2026-12-25T09:00", "holiday"),
        (("open = mon-fri 8-20", "holiday = 2026-12-25"), "2026-12-25T09:00", "open"),
        (("open = mon-fri 8-20", "holiday = 2026-12-25"), "2026-12-25T07:00", "holiday"),
    ],
)
def test_the_first_context_that_fits_counts(
    contexts: tuple[str, ...], time: str, expected: str
) -> None:
    assert stratum(context_season(contexts), ms(time)) == expected


def test_local_time_is_so_far_ahead_of_utc() -> None:
    season = SeasonSettings(by="hour_of_week", utc_offset_minutes=345)
    assert stratum(season, ms("2026-11-29T18:14")) == "sun 23"
    assert stratum(season, ms("2026-11-29T18:15")) == "mon 00"


@given(SEASONS, TIMES)
def test_a_pane_as_long_as_fits_lies_in_one_stratum(season: SeasonSettings, time_ms: int) -> None:
    longest = longest_slide_ms(season)
    if longest is None:
        assert set(places(season, time_ms + np.arange(0, 8 * DAY, HOUR))) <= {0}
        return
    start = time_ms - time_ms % longest
    inside = start + np.arange(0, longest, min(longest, MINUTE))
    assert len(set(places(season, inside).tolist())) == 1


@pytest.mark.parametrize(
    ("season", "longest"),
    [
        (SeasonSettings(), None),
        (SeasonSettings(by="hour"), HOUR),
        (SeasonSettings(by="weekday"), DAY),
        (SeasonSettings(by="weekday", utc_offset_minutes=60), HOUR),
        (SeasonSettings(by="weekday", utc_offset_minutes=-360), 6 * HOUR),
        (SeasonSettings(by="hour", utc_offset_minutes=330), HOUR // 2),
        (SeasonSettings(by="hour_of_week", utc_offset_minutes=345), HOUR // 4),
        (SeasonSettings(by="hour", utc_offset_minutes=7), MINUTE),
        (context_season(("open = mon-fri 8-20",)), 4 * HOUR),
        (context_season(("weekend = sat,sun",)), DAY),
        (context_season(("all = mon-sun",)), None),
    ],
)
def test_no_longer_pane_fits(season: SeasonSettings, longest: int | None) -> None:
    assert longest_slide_ms(season) == longest
    if longest is not None:
        for factor in (2, 3, 5, 7):
            starts = np.arange(-15 * DAY, 15 * DAY, MINUTE)
            pane = starts // (factor * longest)
            pairs = np.unique(np.stack([pane, places(season, starts)]), axis=1)
            assert pairs.shape[1] > len(np.unique(pane))


def test_dates_are_whole_days() -> None:
    assert longest_slide_ms(context_season(("holiday = 2026-12-25",))) == DAY


def test_a_slide_that_reaches_into_two_strata_is_refused() -> None:
    nepal = {"by": "hour", "utc_offset_minutes": 345}
    with pytest.raises(ValidationError, match=r"slide is 20m and season is by hour.*be 15m or"):
        ModelSettings.model_validate({"slide": "20m", "season": nepal})
    assert ModelSettings.model_validate({"slide": "15m", "season": nepal}).slide_ms == HOUR // 4
    with pytest.raises(ValidationError, match="let it be 1h or a whole part"):
        ModelSettings.model_validate({"window": "2h", "slide": "2h", "season": {"by": "hour"}})
    whole = {"window": "1d", "slide": "1d", "season": {"by": "weekday"}}
    assert ModelSettings.model_validate(whole).slide_ms == DAY
