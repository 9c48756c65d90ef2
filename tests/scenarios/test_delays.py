"""Label delays: what they are drawn from, and that a seed says all of them."""

import numpy as np
import pytest
from scipy import stats

from stream_monitor.scenarios.delays import SIGMA, LabelDelay

EVENTS = 1_700_000_000_000 + 1000 * np.arange(20_000, dtype=np.int64)
MEDIAN_MS = 172_800_000


def test_delays_are_lognormal_with_the_median() -> None:
    delays = LabelDelay(MEDIAN_MS, seed=3).times(EVENTS).at - EVENTS
    found = stats.kstest(np.log(delays / MEDIAN_MS), stats.norm(0, SIGMA).cdf)
    assert found.pvalue > 0.01
    assert (delays >= 0).all()
    assert delays.dtype == np.int64


def test_the_share_that_never_comes_is_the_one_asked_for() -> None:
    for never in (0.0, 0.2, 1.0):
        comes = LabelDelay(MEDIAN_MS, never, seed=3).times(EVENTS).comes
        error = (never * (1 - never) / len(EVENTS)) ** 0.5
        assert abs(1 - comes.mean() - never) <= 4 * error


def test_whether_a_label_comes_says_nothing_of_its_delay() -> None:
    found = LabelDelay(MEDIAN_MS, 0.5, seed=3).times(EVENTS)
    delays = found.at - EVENTS
    assert stats.ks_2samp(delays[found.comes], delays[~found.comes]).pvalue > 0.01


def test_the_same_seed_gives_the_same_times_and_fewer_events_the_first_of_them() -> None:
    whole = LabelDelay(MEDIAN_MS, 0.2, seed=7).times(EVENTS)
    first = LabelDelay(MEDIAN_MS, 0.2, seed=7).times(EVENTS[:50])
    assert first.at.tolist() == whole.at[:50].tolist()
    assert first.comes.tolist() == whole.comes[:50].tolist()
    other = LabelDelay(MEDIAN_MS, 0.2, seed=8).times(EVENTS)
    assert (other.at != whole.at).any()
    assert (other.comes != whole.comes).any()


def test_a_median_of_nothing_labels_at_the_time_of_the_event() -> None:
    assert LabelDelay(0).times(EVENTS).at.tolist() == EVENTS.tolist()


def test_the_longest_delay_overflows_nothing() -> None:
    at = LabelDelay(36_525 * 86_400_000).times(np.full(10_000, 10**14)).at
    assert (at >= 10**14).all()


def test_no_events_have_no_labels() -> None:
    assert len(LabelDelay(5).times(np.array([], dtype=np.int64)).at) == 0


@pytest.mark.parametrize(
    ("median_ms", "never", "words"), [(-1, 0.0, "negative"), (1, 1.5, "share"), (1, -0.1, "share")]
)
def test_what_is_no_delay_is_refused(median_ms: int, never: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LabelDelay(median_ms, never)
