"""Counts by bucket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.metrics.histogram import DELAY, WORK, Histogram
from stream_monitor.metrics.snapshot import Snapshot
from tests.metrics.expositions import series_of, value

times = st.lists(st.floats(-1, 100), max_size=30)


def of(seconds: list[float]) -> Histogram:
    histogram = Histogram.empty(WORK)
    for each in seconds:
        histogram = histogram.seen(each)
    return histogram


@given(times)
def test_a_bucket_counts_what_is_at_most_its_bound_and_above_the_one_before(
    seconds: list[float],
) -> None:
    histogram = of(seconds)
    for i, bound in enumerate(WORK):
        assert sum(histogram.counts[: i + 1]) == sum(each <= bound for each in seconds)
    assert histogram.count == len(seconds)
    assert histogram.seconds == pytest.approx(sum(max(0.0, each) for each in seconds))


@given(times, times)
def test_two_add_up_to_what_one_would_have_seen(one: list[float], two: list[float]) -> None:
    both = of(one) + of(two)
    assert both.counts == of(one + two).counts
    assert both.seconds == pytest.approx(of(one + two).seconds)
    assert of(one) + Histogram.empty(WORK) == of(one)


def test_those_of_other_bounds_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="bounds"):
        Histogram.empty(WORK) + Histogram.empty(DELAY)


def test_prometheus_gets_each_bucket_with_all_below_it() -> None:
    series = series_of(Snapshot(handles=of([0.004, 0.2, 0.2, 99.0])))
    assert value(series, "handle_seconds_bucket", le="0.001") == 0
    assert value(series, "handle_seconds_bucket", le="0.005") == 1
    assert value(series, "handle_seconds_bucket", le="0.25") == 3
    assert value(series, "handle_seconds_bucket", le="+Inf") == 4
    assert value(series, "handle_seconds_count") == 4
    assert value(series, "handle_seconds_sum") == pytest.approx(99.404)
