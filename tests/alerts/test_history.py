"""Alerts of windows that late labels change: raised, kept, resolved, withdrawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.history import (
    WITHDRAWN,
    Episode,
    Judgement,
    Past,
    Rejudged,
    episodes_from_list,
    episodes_to_list,
    fold,
    forget,
    rejudge,
)
from stream_monitor.alerts.rule import Window
from stream_monitor.alerts.tracker import AlertKey, AlertState, AlertTracker
from stream_monitor.config.settings import AlertSettings
from stream_monitor.detectors.verdict import Family, State, Verdict

HOUR = 3_600_000
PANES = 3  # of a window
TRACKER = AlertTracker("fraud", AlertSettings(consecutive=2, recover=2))
LETTERS = {"A": State.ALARM, ".": State.OK, "t": State.THIN}


def past(number: int, letters: str) -> Past:
    verdicts = tuple(
        Verdict(
            family=Family.PERFORMANCE,
            monitor=monitor,
            column="",
            state=LETTERS[letter],
            statistic=0.5,
            threshold=0.9,
            p_value=None,
            n=100,
            reference_n=0,
            reference_hash="one",
            decides=True,
        )
        for monitor, letter in zip(("accuracy", "f1"), letters, strict=False)
    )
    return Past(Window((number - PANES) * HOUR, number * HOUR), verdicts)


class Story:
    """What the second stage does: windows are judged, revised, and closed."""

    def __init__(self, letters: Sequence[str] = ()) -> None:
        self.base: dict[AlertKey, AlertState] = {}
        self.states: dict[AlertKey, AlertState] = {}
        self.windows: dict[int, str] = {}  # open to revision
        self.all: dict[int, str] = {}
        self.episodes: tuple[Episode, ...] = ()
        self.said: list[Episode] = []
        self.ids: list[str] = []
        for letter in letters:
            self.judge(letter)

    def judge(self, letters: str) -> list[str]:
        number = len(self.all) + 1
        self.windows[number] = self.all[number] = letters
        return self._take(
            rejudge(
                TRACKER,
                self.states,
                [past(number, letters)],
                self.episodes,
                number * HOUR,
                again=False,
            )
        )

    def revise(self, number: int, letters: str) -> list[str]:
        self.windows[number] = self.all[number] = letters
        return self._take(
            rejudge(
                TRACKER,
                self.base,
                [past(at, of) for at, of in self.windows.items()],
                self.episodes,
                max(self.windows) * HOUR,
                again=True,
            )
        )

    def close(self, until: int) -> None:
        closing = [number for number in self.windows if number <= until]
        self.base, _ = fold(TRACKER, self.base, [past(at, self.windows.pop(at)) for at in closing])
        begins = min(self.windows, default=len(self.all)) * HOUR - PANES * HOUR
        self.episodes = forget(self.episodes, begins)

    def _take(self, found: Rejudged) -> list[str]:
        self.states, self.episodes = found.states, found.episodes
        self.said += found.news
        self.ids += [episode.event_id for episode in found.news]
        return [f"{e.judgement}:{e.event.status}" for e in found.news]


def life(event: AlertEvent) -> tuple[str, int, int | None]:
    ends = event.resolved_at
    return event.monitor, event.since_ms // HOUR, None if ends is None else ends // HOUR


def lives(episodes: Sequence[Episode]) -> set[tuple[str, int, int | None]]:
    return {life(one.event) for one in episodes if one.event.status != WITHDRAWN}


def in_one_pass(windows: dict[int, str]) -> set[tuple[str, int, int | None]]:
    _, events = fold(TRACKER, {}, [past(at, letters) for at, letters in windows.items()])
    found = {(event.monitor, event.since_ms): life(event) for event in events}
    return set(found.values())


def test_an_alert_is_raised_by_labels_that_come_late() -> None:
    story = Story("....")
    assert story.revise(2, "A") == []
    assert story.revise(3, "A") == ["raised:opened"]
    (episode,) = story.episodes
    assert episode.event.summary.endswith("Labels that came late have raised it.")
    assert life(episode.event) == ("accuracy", 2, None)


def test_an_alert_that_was_over_when_it_was_found_is_opened_and_resolved() -> None:
    story = Story("A....")
    assert story.revise(2, "A") == ["raised:opened", "resolved:resolved"]
    opened, resolved = story.said
    assert opened.event.alert_id == resolved.event.alert_id
    assert opened.event.resolved_at is None
    assert opened.event.summary.startswith("Warning: ")
    assert [episode.event_id.split(":")[1] for episode in story.said] == ["opened", "resolved"]


def test_an_alert_that_opens_in_the_newest_window_is_not_said_to_be_raised_by_labels() -> None:
    story = Story("AA")
    (episode,) = story.said
    assert "Labels" not in episode.event.summary


@pytest.mark.parametrize(("number", "letter", "since"), [(2, "A", 2), (3, "t", 4)])
def test_an_alert_that_begins_earlier_or_later_is_kept_under_its_id(
    number: int, letter: str, since: int
) -> None:
    story = Story("..AAA")
    (before,) = story.episodes
    assert story.revise(number, letter) == []
    (after,) = story.episodes
    assert after.judgement is Judgement.KEPT
    assert after.event.alert_id == before.event.alert_id
    assert life(after.event) == ("accuracy", since, None)
    story.judge(".")
    assert story.judge(".") == ["resolved:resolved"]
    assert story.said[-1].event.alert_id == before.event.alert_id


def test_an_alert_is_resolved_earlier() -> None:
    story = Story("AAAAA")
    story.revise(3, ".")
    assert story.revise(4, ".") == ["resolved:resolved"]
    assert lives(story.episodes) == {("accuracy", 1, 4)}


def test_an_alert_is_resolved_at_another_time_than_was_published() -> None:
    story = Story("AA..A")
    assert story.revise(5, ".") == []
    assert story.revise(4, "t") == ["resolved:resolved"]
    assert lives(story.episodes) == {("accuracy", 1, 5)}
    assert len({*story.ids}) == len(story.ids)


def test_an_alert_that_was_resolved_may_be_open_again() -> None:
    story = Story("AA..")
    assert story.revise(4, "A") == ["raised:opened"]
    assert lives(story.episodes) == {("accuracy", 1, None)}


def test_an_alert_that_opened_before_all_that_can_be_revised_may_be_open_again() -> None:
    story = Story("AA..")
    story.close(2)
    assert story.revise(4, "A") == ["raised:opened"]
    assert story.said[-1].event.summary.startswith("Open again: model fraud: accuracy")
    assert story.revise(4, ".") == ["resolved:resolved"]
    assert len({*story.ids}) == 4
    assert len({episode.event.alert_id for episode in story.said}) == 1


def test_an_alert_that_is_not_found_any_more_is_withdrawn_with_a_reason() -> None:
    story = Story("AA")
    assert story.revise(1, ".") == ["withdrawn:withdrawn"]
    (episode,) = story.episodes
    assert episode.event.summary.startswith("Withdrawn: model fraud: accuracy: ")
    assert episode.event.resolved_at == 2 * HOUR
    assert story.revise(1, "t") == []
    assert story.judge(".") == []


def test_an_alert_that_was_withdrawn_may_be_raised_again() -> None:
    story = Story("AAt")
    story.revise(1, ".")
    assert story.revise(1, "A") == ["raised:opened"]
    story.revise(1, ".")
    assert story.revise(1, "A") == ["raised:opened"]
    assert len({episode.event.alert_id for episode in story.said}) == 1
    assert len({*story.ids}) == 5


def test_an_alert_that_was_withdrawn_and_is_found_resolved_is_opened_first() -> None:
    story = Story("AA")
    story.revise(1, ".")
    story.judge(".")
    story.judge(".")
    assert story.revise(1, "A") == ["raised:opened", "resolved:resolved"]
    assert len({*story.ids}) == 4


def test_a_new_alert_is_not_taken_for_one_that_was_withdrawn_before_it() -> None:
    story = Story("AA")
    story.revise(1, ".")
    assert story.judge("A") == ["raised:opened"]
    assert "Labels" not in story.said[-1].event.summary
    assert story.judge("A") == []
    assert story.revise(4, "A") == []


def test_an_alert_that_was_over_before_what_can_be_revised_is_left_alone() -> None:
    story = Story("AA..AA")
    story.close(4)
    assert story.revise(5, "t") == ["withdrawn:withdrawn"]
    assert lives(story.episodes) == {("accuracy", 1, 4)}


def test_an_alert_that_becomes_two_has_two_ids() -> None:
    story = Story("..AAAA..")
    story.revise(1, "A")
    story.revise(2, "A")
    story.revise(3, ".")
    story.revise(4, ".")
    assert lives(story.episodes) == {("accuracy", 1, 4), ("accuracy", 5, 8)}
    assert len({episode.event.alert_id for episode in story.episodes}) == 2
    assert len({*story.ids}) == len(story.ids)


def test_an_id_that_a_longer_alert_has_taken_is_not_given_twice() -> None:
    story = Story("...AA")  # published as the alert since 4
    story.revise(2, "A")
    story.revise(3, "A")  # now since 2
    story.judge("A")
    story.revise(3, "t")
    story.revise(4, ".")
    for number, letter in ((2, "A"), (3, "A"), (4, "."), (5, ".")):
        story.revise(number, letter)
    assert len({*story.ids}) == len(story.ids)
    assert len({e.event.alert_id for e in story.episodes}) == len(story.episodes)


def test_episodes_come_back_as_they_were() -> None:
    story = Story("AA..AA")
    story.revise(5, ".")
    stored = json.loads(json.dumps(episodes_to_list(story.episodes)))
    assert episodes_from_list(stored) == story.episodes
    with pytest.raises(ValueError, match="alert"):
        episodes_from_list([[1, "kept", 1]])


def test_what_was_over_before_a_time_is_forgotten() -> None:
    story = Story("AA..AA")
    assert lives(forget(story.episodes, 5 * HOUR)) == {("accuracy", 5, None)}
    assert forget(story.episodes, 4 * HOUR) == story.episodes


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
