"""Pictures: where things stand, and that odd values do not break them."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.reports.facts import Point
from stream_monitor.reports.forecast import forecast
from stream_monitor.reports.lines import line_chart
from stream_monitor.reports.scale import Scale, time_marks
from stream_monitor.reports.series import MOST_POINTS, Dated, apart, thinned
from stream_monitor.reports.shapes import distribution_chart
from stream_monitor.reports.strips import Track, episode_strip, shade
from stream_monitor.reports.svg import element
from tests.reports.documents import HOUR, START_MS, report
from tests.reports.test_history import gather

finite = st.floats(-1e12, 1e12, allow_nan=False)
shares = st.lists(st.integers(0, 1_000), min_size=1, max_size=20)


def series(values: list[float], alarm: bool = False) -> list[Dated]:
    return [
        Dated(START_MS + at * HOUR, START_MS + (at + 1) * HOUR, Point(value, alarm=alarm))
        for at, value in enumerate(values)
    ]


def numbers(picture: str) -> list[float]:
    """All coordinates of a picture; a parse error if it is no XML."""
    ElementTree.fromstring(picture)
    assert not re.search(r"nan|inf", picture.lower())
    return [float(each) for each in re.findall(r"-?\d+\.?\d*(?=[,LZ\"])", picture)]


@given(finite, finite.filter(lambda v: v > 0))
def test_marks_are_round_few_and_on_the_scale(low: float, width: float) -> None:
    scale = Scale.of(low, low + width, 0.0, 100.0, (-np.inf, np.inf))
    marks = scale.marks()
    assert 1 <= len(marks) <= 7
    assert all(-1 <= scale(mark) <= 101 for mark in marks)


@given(st.integers(0, 2**42), st.integers(1, 2**38))
def test_marks_of_time_are_few_and_within(begin: int, span: int) -> None:
    marks = time_marks(begin, begin + span)
    assert len(marks) <= 4
    assert all(begin <= at <= begin + span for at, _ in marks)


@given(st.lists(finite, min_size=1, max_size=400), st.none() | finite)
def test_a_line_is_drawn_of_any_values(values: list[float], limit: float | None) -> None:
    shown = series(values)
    numbers(str(line_chart("a < b", "accuracy", shown, limit=limit)))


def test_a_trend_is_drawn_behind_the_last_window() -> None:
    values = [0.9 - 0.002 * at for at in range(64)]
    found = forecast(
        np.array([each.end_ms for each in series(values)]), np.array(values), limit=0.75
    )
    assert found is not None
    drawn = str(line_chart("accuracy", "accuracy", series(values), limit=0.75, forecast=found))
    assert 'class="forecast"' in drawn
    assert 'class="reach"' in drawn


@given(shares, st.data())
def test_distributions_of_any_counts_are_drawn(counts: list[int], data: st.DataObject) -> None:
    n = len(counts)
    was = data.draw(st.lists(st.integers(0, 1_000), min_size=n, max_size=n))
    edges = sorted(data.draw(st.lists(finite, min_size=n + 1, max_size=n + 1)))
    numbers(str(distribution_chart("x", {"edges": edges, "counts": counts, "reference": was})))
    if n > 2:
        names = [f"c{i}" for i in range(n - 2)]
        told = {"categories": names, "counts": counts, "reference": was}
        numbers(str(distribution_chart("x", told)))


def test_a_continuous_column_is_a_density_and_a_discrete_one_has_bars() -> None:
    flat = {"counts": [5] * 20, "reference": [5] * 20}
    smooth = distribution_chart("x", {"edges": [float(i) for i in range(21)], **flat})
    assert 'class="now-bar"' not in smooth
    heaped = distribution_chart("x", {"edges": [0.0, 0.0, *map(float, range(1, 20))], **flat})
    assert 'class="now-bar"' in heaped


def test_a_far_outlier_does_not_press_the_rest_together() -> None:
    edges = [0.0, *map(float, range(1, 20)), 1e9]
    drawn = distribution_chart("x", {"edges": edges, "counts": [5] * 20, "reference": [5] * 20})
    places = sorted({round(x) for x in map(float, re.findall(r"[ML](\d+\.?\d*),", drawn))})
    assert len(places) >= 20


@given(st.lists(finite, min_size=1, max_size=1_000))
def test_thinning_keeps_the_whole_time_and_every_alarm(values: list[float]) -> None:
    shown, each = thinned(series(values, alarm=True))
    assert len(shown) <= MOST_POINTS
    assert (shown[0].start_ms, shown[-1].end_ms) == (START_MS, START_MS + len(values) * HOUR)
    assert all(one.point.alarm for one in shown)
    assert (each - 1) * len(shown) < len(values) <= each * len(shown)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40))
def test_windows_apart_do_not_overlap_and_the_newest_is_one(lengths: list[int]) -> None:
    found = [Dated(at - length, at, Point(0.0)) for at, length in enumerate(lengths)]
    kept = apart(found)
    assert kept[-1] == found[-1]
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(kept))


@given(st.integers(-200, 200), st.none() | st.integers(-200, 200))
def test_an_episode_stays_within_its_strip(since: int, end: int | None) -> None:
    track = Track.of(gather([("report", report(at)) for at in range(10)]).windows)
    drawn = str(
        episode_strip(
            "drift",
            START_MS + since * HOUR,
            None if end is None else START_MS + end * HOUR,
            "x",
            track,
        )
    )
    (x, width) = (
        float(found[-1])
        for found in (re.findall(rf' {a}="([\d.]+)"', drawn) for a in ("x", "width"))
    )
    assert 0 <= x <= x + width <= 960.01


@pytest.mark.parametrize(("effect", "expected"), [(0.0, 0), (0.05, 1), (0.2, 4), (3.0, 4)])
def test_the_shade_follows_the_effect(effect: float, expected: int) -> None:
    assert shade(effect) == expected


@given(st.text())
def test_any_text_in_a_picture_is_text(text: str) -> None:
    drawn = element("text", text, title=text)
    assert "<script" not in drawn
    assert drawn.unescape().startswith("<text title=")


def test_midnights_are_told_by_their_days() -> None:
    texts = [text for _, text in time_marks(START_MS, START_MS + 48 * HOUR)]
    assert texts == ["09-22", "09-23"]
