"""Whether a season is needed: daily, weekly and other worlds of two columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.config.season import By
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.seasons import Found, Seasons, seasons
from stream_monitor.statistics.arrays import IntArray

MONDAY = 1_790_000_000_000 // (7 * DAY) * 7 * DAY + 4 * DAY


def world(what: str, days: int, seed: int = 0, start_ms: int = MONDAY) -> tuple[pa.Table, IntArray]:
    """40 rows an hour on the whole."""
    random = np.random.default_rng(seed)
    n = days * 24 * 40
    since = np.sort(random.integers(0, days * DAY, n))
    times = start_ms + since
    hour, weekday = times // HOUR % 24, (times // DAY + 3) % 7
    x, share = random.normal(size=n), np.full(n, 0.3)
    if what in ("daily", "both"):
        x += 0.8 * np.sin(2 * np.pi * hour / 24)
    if what in ("weekly", "both"):
        x += weekday >= 5
    if what == "nightly category":
        share += 0.3 * (hour < 6)
    if what == "trend":
        x += 0.2 * (since // DAY)
    if what == "odd day":
        x += 3 * ((since // DAY == 3) & (hour > 12))
    if what == "hourly clusters":
        x += random.normal(size=days * 24)[since // HOUR]
    if what == "daily clusters":
        x += random.normal(size=days)[since // DAY]
    if what == "other weekends":  # the same on the whole day, at other hours
        x += np.sin(2 * np.pi * hour / 24) * np.where(weekday >= 5, -1, 1)
    c = np.where(random.random(n) < share, "a", "b")
    return pa.table({"x": x, "c": c}), times


def looked(what: str, days: int, seed: int = 0, offset: int = 0) -> Seasons:
    table, times = world(what, days, seed)
    columns = build("m", table, assign_roles(table), created_ms=0, source="s").columns
    cells = {column.id: table[column.name] for column in columns}
    return seasons(columns, cells, times, utc_offset_minutes=offset)


@pytest.mark.parametrize(
    ("what", "days", "needed"),
    [
        ("daily", 7, "hour"),
        ("daily", 28, "hour"),
        ("nightly category", 14, "hour"),
        ("weekly", 28, "weekday"),
        ("both", 28, "hour_of_week"),
        ("both", 7, "hour"),
        ("other weekends", 28, "hour_of_week"),
        *(
            (what, days, "none")
            for what in ("nothing", "trend", "odd day", "hourly clusters", "daily clusters")
            for days in (7, 28)
        ),
    ],
)
def test_the_season_that_is_needed_is_told(what: str, days: int, needed: str) -> None:
    for seed in range(3):
        assert looked(what, days, seed).needed(0.05) == needed


def test_the_distance_is_that_of_the_farthest_stratum_without_what_is_chance() -> None:
    found = looked("nightly category", 14)
    first = found.found[0]
    assert (first.column, first.by) == ("c", "hour")
    assert first.stratum in {f"hour {hour:02}" for hour in range(6)}
    assert first.distance == pytest.approx(0.3 * 18 / 23, abs=0.05)
    assert max(one.distance for one in looked("nothing", 28).found) < 0.06


def test_strata_are_in_local_time() -> None:
    here, there = (looked("nightly category", 14, offset=offset).found[0] for offset in (0, 600))
    assert here.stratum is not None
    assert there.stratum == f"hour {(int(here.stratum[-2:]) + 10) % 24:02}"


def test_too_few_days_are_told_with_how_many_are_enough() -> None:
    found = looked("daily", 3)
    assert (found.found, found.days, found.needed(0.05)) == ((), 3, None)
    assert found.told(0.05) == (
        "Too little data: 3 days; give at least 7 days for hours / 4 weeks for weekdays."
    )
    assert "Of weekdays 7 days cannot tell" in looked("daily", 7).told(0.05)


def test_a_week_from_midday_to_midday_is_seven_days() -> None:
    table, times = world("daily", 7, start_ms=MONDAY + 15 * HOUR)
    columns = build("m", table, assign_roles(table), created_ms=0, source="s").columns
    cells = {column.id: table[column.name] for column in columns}
    assert seasons(columns, cells, times).days == 7
    open_hours = (times // HOUR % 24 >= 8) & (times // HOUR % 24 < 15)
    inside = {name: column.filter(pa.array(open_hours)) for name, column in cells.items()}
    found = seasons(columns, inside, times[open_hours])
    assert found.days == 7


def test_only_the_newest_400_days_are_looked_at() -> None:
    table, times = world("daily", 8)
    old, new = np.flatnonzero(times < times[0] + DAY), times + 500 * DAY
    new[old] -= 500 * DAY
    columns = build("m", table, assign_roles(table), created_ms=0, source="s").columns
    cells = {column.id: table[column.name] for column in columns}
    assert seasons(columns, cells, new).days == 7


def a_found(by: By, p: float) -> Found:
    return Found("x", by, "mon", 0.2, p)


@pytest.mark.parametrize(
    ("found", "needed"),
    [
        ((), "none"),
        (("hour",), "hour"),
        (("weekday",), "weekday"),
        (("weekday", "hour_of_week"), "weekday"),
        (("hour", "weekday"), "hour_of_week"),
        (("hour", "hour_of_week"), "hour_of_week"),
        (("hour_of_week",), "hour_of_week"),
    ],
)
def test_hours_and_weekdays_together_are_hours_of_the_week(
    found: tuple[str, ...], needed: str
) -> None:
    divisions: tuple[By, ...] = ("hour", "weekday", "hour_of_week")
    every = tuple(a_found(by, 0.01 if by in found else 0.5) for by in divisions)
    assert Seasons(every, 28).needed(0.05) == needed
    assert Seasons(every, 28).needed(0.3) == "none"
