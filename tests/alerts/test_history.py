"""Alerts of windows that late labels change: raised, kept, resolved, withdrawn."""

from __future__ import annotations

import json

import pytest

from stream_monitor.alerts.history import (
    Judgement,
    episodes_from_list,
    episodes_to_list,
    forget,
)
from tests.alerts.stories import HOUR, Story, life, lives


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
