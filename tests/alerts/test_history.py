"""Alerts of windows that late labels change: raised, kept, recovered, withdrawn."""

from __future__ import annotations

import json

import pytest

from stream_monitor.alerts.episode import (
    Judgement,
    episodes_from_list,
    episodes_to_list,
    forget,
)
from tests.alerts.stories import HOUR, Story, life, lives


def test_an_alert_is_raised_by_labels_that_come_late() -> None:
    story = Story("....")
    assert story.revise(2, "A") == []
    assert story.revise(3, "A") == ["raised:started"]
    (episode,) = story.episodes
    assert episode.event.summary.endswith("Labels that came late have raised it.")
    assert life(episode.event) == ("accuracy", 2, None)


def test_an_alert_that_was_over_when_it_was_found_has_a_start_and_a_recovery() -> None:
    story = Story("A....")
    assert story.revise(2, "A") == ["raised:started", "recovered:recovered"]
    started, recovered = story.said
    assert started.event.alert_id == recovered.event.alert_id
    assert started.event.recovered_at is None
    assert started.event.summary.startswith("Warning: ")
    assert [episode.event.event_id.split(":")[1] for episode in story.said] == ["1", "2"]


def test_an_alert_that_starts_in_the_newest_window_is_not_said_to_be_raised_by_labels() -> None:
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
    assert story.judge(".") == ["recovered:recovered"]
    assert story.said[-1].event.alert_id == before.event.alert_id


def test_an_alert_has_recovered_earlier() -> None:
    story = Story("AAAAA")
    story.revise(3, ".")
    assert story.revise(4, ".") == ["recovered:recovered"]
    assert lives(story.episodes) == {("accuracy", 1, 4)}


def test_an_alert_is_recovered_at_another_time_than_was_published() -> None:
    story = Story("AA..A")
    assert story.revise(5, ".") == []
    assert story.revise(4, "t") == ["recovered:recovered"]
    assert lives(story.episodes) == {("accuracy", 1, 5)}
    assert len({*story.ids}) == len(story.ids)


def test_an_alert_that_had_recovered_may_be_open_again() -> None:
    story = Story("AA..")
    assert story.revise(4, "A") == ["raised:started"]
    assert lives(story.episodes) == {("accuracy", 1, None)}


def test_an_alert_that_started_before_all_that_can_be_revised_may_be_open_again() -> None:
    story = Story("AA..")
    story.close(2)
    assert story.revise(4, "A") == ["raised:started"]
    assert story.said[-1].event.summary.startswith("Warning, again: model fraud: accuracy")
    assert story.revise(4, ".") == ["recovered:recovered"]
    assert len({*story.ids}) == 4
    assert len({episode.event.alert_id for episode in story.said}) == 1


def test_an_alert_that_is_not_found_any_more_is_withdrawn_with_a_reason() -> None:
    story = Story("AA")
    assert story.revise(1, ".") == ["withdrawn:withdrawn"]
    (episode,) = story.episodes
    assert episode.event.summary.startswith("Withdrawn: model fraud: that accuracy ")
    assert episode.event.recovered_at == 2 * HOUR
    assert story.revise(1, "t") == []
    assert story.judge(".") == []


def test_an_alert_that_was_withdrawn_may_be_raised_again() -> None:
    story = Story("AAt")
    story.revise(1, ".")
    assert story.revise(1, "A") == ["raised:started"]
    story.revise(1, ".")
    assert story.revise(1, "A") == ["raised:started"]
    assert len({episode.event.alert_id for episode in story.said}) == 1
    assert len({*story.ids}) == 5


def test_an_alert_that_was_withdrawn_and_is_found_recovered_is_started_first() -> None:
    story = Story("AA")
    story.revise(1, ".")
    story.judge(".")
    story.judge(".")
    assert story.revise(1, "A") == ["raised:started", "recovered:recovered"]
    assert len({*story.ids}) == 4


def test_a_new_alert_is_not_taken_for_one_that_was_withdrawn_before_it() -> None:
    story = Story("AA")
    story.revise(1, ".")
    assert story.judge("A") == ["raised:started"]
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
        episodes_from_list([[1, "kept"]])


def test_what_was_over_before_a_time_is_forgotten() -> None:
    story = Story("AA..AA")
    assert lives(forget(story.episodes, 5 * HOUR, {})) == {("accuracy", 5, None)}
    assert forget(story.episodes, 4 * HOUR, {}) == story.episodes


def test_an_alert_that_comes_again_while_it_cools_goes_on_under_its_id() -> None:
    story = Story("AA..t.AA", cooldown_hours=3)
    assert [e.event.status for e in story.said] == ["started", "recovered", "started"]
    assert len({e.event.alert_id for e in story.said}) == 1
    assert [e.event.sequence for e in story.said] == [1, 2, 3]
    assert story.said[-1].event.summary.startswith("Warning, again: ")
    assert lives(story.episodes) == {("accuracy", 1, None)}


def test_an_alert_that_cools_in_closed_windows_is_not_forgotten() -> None:
    story = Story("AA..tttttt", cooldown_hours=24)
    story.close(10)
    assert [e.event.status for e in story.episodes] == ["recovered"]
    story.judge("A")
    assert story.judge("A") == ["raised:started"]
    assert (story.said[-1].event.alert_id, story.said[-1].event.sequence) == (
        story.said[0].event.alert_id,
        3,
    )


def test_an_alert_that_did_not_come_again_after_all_has_recovered_when_it_had() -> None:
    story = Story("AA..", cooldown_hours=24)
    story.close(4)
    story.judge("A")
    story.judge("A")
    assert story.revise(5, ".") == ["recovered:recovered"]
    assert lives(story.episodes) == {("accuracy", 1, 4)}
    assert story.said[-1].event.recovered_at == 4 * HOUR


def test_an_alert_that_grows_is_kept_and_says_so_once() -> None:
    story = Story("AA")
    assert story.judge("C") == ["kept:escalated"]
    assert story.judge("C") == []
    assert story.revise(3, "A") == []
    assert story.judge(".") == []
    assert story.judge(".") == ["recovered:recovered"]
    assert [e.event.severity for e in story.said] == ["warning", "critical", "critical"]


def test_labels_that_make_an_alert_worse_escalate_it() -> None:
    story = Story("AAA")
    assert story.revise(3, "C") == ["kept:escalated"]
    assert story.revise(1, ".") == []
