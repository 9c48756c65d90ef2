"""Alerts of windows that late labels change come to what one pass comes to."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.alerts.history import (
    fold,
    forget,
)
from tests.alerts.stories import HOUR, PANES, TRACKER, Story, in_one_pass, lives, past

letters = st.sampled_from(["A", ".", "t"])
pairs = st.lists(st.tuples(letters, letters).map("".join), max_size=25)


@given(pairs)
def test_windows_one_by_one_say_what_the_tracker_alone_says(windows: list[str]) -> None:
    story = Story(windows)
    _, events = fold(TRACKER, {}, [past(at, of) for at, of in enumerate(windows, start=1)])
    assert [episode.event for episode in story.said] == events
    assert story.ids == [f"{event.alert_id}:{event.status}" for event in events]


@given(pairs.filter(bool))
def test_judging_again_what_has_not_changed_is_no_news(windows: list[str]) -> None:
    story = Story(windows)
    states, episodes = story.states, story.episodes
    assert story.revise(1, windows[0]) == []
    assert story.states == states
    assert lives(story.episodes) == lives(episodes)


@settings(max_examples=400)
@given(st.integers(0, 2**32).map(Random))
def test_whatever_the_order_in_the_end_the_alerts_are_those_of_one_pass(random: Random) -> None:
    story = Story()
    heard: dict[str, str] = {}
    for _ in range(random.randint(1, 40)):
        turn, before = random.random(), len(story.said)
        if turn < 0.4 or not story.windows:
            story.judge("".join(random.choices("A.t", k=2)))
        elif turn < 0.9:
            story.revise(random.choice([*story.windows]), "".join(random.choices("A.t", k=2)))
        else:
            story.close(random.randint(0, len(story.all)))
            if not story.windows:
                story.states = dict(story.base)
        for episode in story.said[before:]:
            event = episode.event
            # Who listens hears an opening first, and never the same twice in a row.
            assert event.status != "opened" or heard.get(event.alert_id) != "opened"
            assert event.status == "opened" or event.alert_id in heard
            heard[event.alert_id] = event.status
        assert len({*story.ids}) == len(story.ids)
        open_now = {key.monitor for key, state in story.states.items() if state.is_open}
        assert open_now == {e.event.monitor for e in story.episodes if e.event.status == "opened"}
        kept = [e for e in story.episodes if e.event.status == "opened"]
        assert len(kept) == len(open_now)
        expected = in_one_pass(story.all)
        begins = (min(story.windows, default=len(story.all)) - PANES) * HOUR
        recent = {one for one in expected if one[2] is None or one[2] * HOUR >= begins}
        assert lives(forget(story.episodes, begins)) == recent
