"""Alerts of windows that late labels change come to what one pass comes to."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.alerts.episode import forget
from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.history import fold
from tests.alerts.stories import HOUR, PANES, Story, in_one_pass, lives, past, tracker

LETTERS = "AAC..t"
letters = st.sampled_from(LETTERS)
pairs = st.lists(st.tuples(letters, letters).map("".join), max_size=25)
cooldowns = st.integers(0, 6)


@given(pairs, cooldowns)
def test_windows_one_by_one_say_what_the_tracker_alone_says(
    windows: list[str], cooldown: int
) -> None:
    story = Story(windows, cooldown)
    numbered = [past(at, of) for at, of in enumerate(windows, start=1)]
    _, events = fold(tracker(cooldown), {}, numbered)
    assert [episode.event for episode in story.said] == events
    assert story.ids == [event.event_id for event in events]


@given(pairs.filter(bool), cooldowns)
def test_judging_again_what_has_not_changed_is_no_news(windows: list[str], cooldown: int) -> None:
    story = Story(windows, cooldown)
    states, episodes = story.states, story.episodes
    assert story.revise(1, windows[0]) == []
    assert story.states == states
    assert lives(story.episodes) == lives(episodes)


@settings(max_examples=400)
@given(st.integers(0, 2**32).map(Random), cooldowns)
def test_whatever_the_order_in_the_end_the_alerts_are_those_of_one_pass(
    random: Random, cooldown: int
) -> None:
    story = Story((), cooldown)
    heard: dict[str, AlertEvent] = {}
    for _ in range(random.randint(1, 40)):
        turn, known = random.random(), len(story.said)
        if turn < 0.4 or not story.windows:
            story.judge("".join(random.choices(LETTERS, k=2)))
        elif turn < 0.9:
            story.revise(random.choice([*story.windows]), "".join(random.choices(LETTERS, k=2)))
        else:
            story.close(random.randint(0, len(story.all)))
            if not story.windows:
                story.states = dict(story.base)
        for episode in story.said[known:]:
            event = episode.event
            # Who listens hears a start first, and never the same twice in a row.
            before = heard.get(event.alert_id)
            was_open = before is not None and before.is_open
            assert (event.status == "started") is not was_open or not event.is_open
            assert event.status == "started" or before is not None
            assert event.sequence == 1 + (0 if before is None else before.sequence)
            if was_open and before is not None:
                assert before.severity == "warning" or event.severity == "critical"
            heard[event.alert_id] = event
        assert len({*story.ids}) == len(story.ids)
        open_now = {key.monitor for key, state in story.states.items() if state.is_open}
        assert open_now == {e.event.monitor for e in story.episodes if e.event.is_open}
        kept = [e for e in story.episodes if e.event.is_open]
        assert len(kept) == len(open_now)
        expected = in_one_pass(story.all, story.tracker)
        begins = (min(story.windows, default=len(story.all)) - PANES) * HOUR
        recent = {one for one in expected if one[2] is None or one[2] * HOUR >= begins}
        assert lives(forget(story.episodes, begins, {})) == recent
