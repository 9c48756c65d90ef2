from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.rule import Window
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import (
    AlertKey,
    AlertTracker,
    states_from_dict,
    states_to_dict,
)
from stream_monitor.config.monitors import EVIDENCE, AlertSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Carrier, Family, State, Verdict

HOUR = 3_600_000
TRACKER = AlertTracker("fraud", ModelSettings(alerts=AlertSettings(cooldown_ms=HOUR)))
LETTERS = {"A": State.ALARM, "C": State.ALARM, ".": State.OK, "t": State.THIN}
CRITICAL = 0.5


def window(number: int) -> Window:
    return Window((number - 1) * HOUR, number * HOUR, (number - 1) * HOUR)


def verdict(
    column: str,
    state: State,
    *,
    family: Family = Family.DRIFT,
    monitor: str = "ks",
    hash_: str = "one",
    decides: bool = True,
    effect: float = CRITICAL,
    carriers: tuple[Carrier, ...] = (),
) -> Verdict:
    return Verdict(
        family=family,
        monitor=monitor,
        column=column,
        state=state,
        statistic=0.5,
        threshold=0.1,
        p_value=0.5 if state is State.OK else 1e-9,
        n=100,
        reference_n=1000,
        reference_hash=hash_,
        effect=effect,
        decides=decides,
        carriers=carriers,
    )


def play(
    timelines: dict[str, str], states: dict[AlertKey, AlertState] | None = None, start: int = 1
) -> tuple[dict[AlertKey, AlertState], list[AlertEvent]]:
    """All windows of timelines, one a column: A a warning, C critical, . quiet, t thin."""
    states = states or {}
    events: list[AlertEvent] = []
    for number, letters in enumerate(zip(*timelines.values(), strict=True), start=start):
        verdicts = [
            verdict(column, LETTERS[letter], effect=0.1 if letter == "A" else CRITICAL)
            for column, letter in zip(timelines, letters, strict=True)
        ]
        states, said = TRACKER.advance(states, verdicts, window(number))
        events.extend(said)
    return states, events


def test_each_column_has_an_alert_of_its_own() -> None:
    _, events = play({"a": "AA....", "b": "..AAA.", "c": "......", "d": "A.A.A."})
    told = [(event.column, event.status, event.window_end_ms // HOUR) for event in events]
    assert told == [
        ("a", "started", 2),
        ("a", "recovered", 4),
        ("b", "started", 4),
    ]


def test_an_alert_that_comes_back_after_its_cooldown_has_another_id() -> None:
    _, events = play({"a": "AA...AA.."})
    assert [event.status for event in events] == ["started", "recovered"] * 2
    first, second = events[0].alert_id, events[2].alert_id
    assert [event.alert_id for event in events] == [first, first, second, second]
    assert [event.sequence for event in events] == [1, 2, 1, 2]
    assert first != second


def test_an_alert_that_flaps_is_one_alert() -> None:
    _, events = play({"a": "AA..AA..AC.."})
    assert [event.status for event in events] == ["started", "recovered"] * 3
    assert len({event.alert_id for event in events}) == 1
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6]
    assert {event.started_at for event in events} == {2 * HOUR}
    assert [event.recovered_at for event in events[1::2]] == [4 * HOUR, 8 * HOUR, 12 * HOUR]
    assert [event.severity for event in events] == ["warning"] * 4 + ["critical"] * 2


def test_an_alert_escalates_once_and_its_severity_never_falls() -> None:
    states, events = play({"a": "AAACACA"})
    assert [(event.status, event.severity, event.sequence) for event in events] == [
        ("started", "warning", 1),
        ("escalated", "critical", 2),
    ]
    assert [state.severity for state in states.values()] == ["critical"]
    _, events = play({"a": ".."}, states, start=8)
    assert [(event.status, event.severity) for event in events] == [("recovered", "critical")]


def of_model(state: State, *columns: tuple[str, float, int]) -> Verdict:
    """The evidence of a model, which columns carry: name, effect, and since which hour."""
    return verdict(
        "",
        state,
        monitor=EVIDENCE,
        effect=max((effect for _, effect, _ in columns), default=0.0),
        carriers=tuple(Carrier(name, 0.5, hour * HOUR, effect) for name, effect, hour in columns),
    )


def test_evidence_starts_an_alert_at_once_and_says_which_columns_join_it() -> None:
    states: dict[AlertKey, AlertState] = {}
    told: list[AlertEvent] = []
    for number, some in enumerate(
        [
            of_model(State.OK),
            of_model(State.ALARM, ("a", 0.1, 1)),
            of_model(State.ALARM, ("a", 0.12, 2)),
            of_model(State.ALARM, ("b", 0.15, 3), ("c", 0.1, 0)),
            of_model(State.INFO, ("d", 0.04, 3)),
            of_model(State.ALARM, ("b", 0.3, 3), ("d", 0.1, 4)),
            of_model(State.OK),
            of_model(State.INFO),
            of_model(State.OK),
        ],
        start=1,
    ):
        states, events = TRACKER.advance(states, [some], window(number))
        told += events
    assert [(event.status, event.window_end_ms // HOUR) for event in told] == [
        ("started", 2),
        ("ongoing", 4),
        ("escalated", 6),
        ("recovered", 9),
    ]
    assert [[c.column for c in event.columns] for event in told] == [
        *(["a"], ["a", "b", "c"], ["a", "b", "c", "d"], ["a", "b", "c", "d"])
    ]
    assert [[c.effect for c in event.columns] for event in told] == [
        *([0.1], [0.12, 0.15, 0.1], [0.12, 0.3, 0.1, 0.1], [0.12, 0.3, 0.1, 0.1])
    ]
    # the earliest of them, and what was said of when it began is not taken back
    assert [event.since_ms // HOUR for event in told] == [1, 0, 0, 0]
    assert told[-1].columns[0].since_ms == HOUR
    assert len({event.alert_id for event in told}) == 1
    assert {event.start_pane_ms for event in told} == {HOUR}
    assert {event.false_alarms for event in told} == {"1 per 30d"}


def test_an_effect_that_is_nearly_large_enough_keeps_an_alert_open() -> None:
    states, _ = play({"a": "AA"})
    near = replace(verdict("a", State.OK, effect=0.045), p_value=1e-9)
    for number in range(3, 9):
        states, events = TRACKER.advance(states, [near], window(number))
        assert events == ()
    small = replace(near, effect=0.03)
    states, events = TRACKER.advance(states, [small], window(9))
    states, events = TRACKER.advance(states, [small], window(10))
    assert [event.status for event in events] == ["recovered"]


def test_a_verdict_that_does_not_decide_raises_nothing() -> None:
    states: dict[AlertKey, AlertState] = {}
    for number in range(1, 5):
        verdicts = [verdict("a", State.ALARM, decides=False)]
        states, events = TRACKER.advance(states, verdicts, window(number))
        assert (states, events) == ({}, ())


def test_what_never_was_in_alarm_takes_no_room() -> None:
    states, _ = play({"a": "....", "b": "..A.", "c": "tttt"})
    assert [key.column for key in states] == ["b"]


def test_a_window_without_verdicts_changes_nothing() -> None:
    states, _ = play({"a": "AA"})
    assert TRACKER.advance(states, (), window(3)) == (states, ())


def test_advancing_leaves_the_states_given_as_they_were() -> None:
    states, _ = play({"a": "A"})
    before = dict(states)
    TRACKER.advance(states, [verdict("a", State.ALARM)], window(2))
    assert states == before


def test_a_new_reference_ends_the_open_alerts_of_drift() -> None:
    states, _ = play({"a": "AA"})
    states, events = TRACKER.advance(states, [verdict("a", State.ALARM, hash_="two")], window(3))
    assert [(event.status, event.reference_hash) for event in events] == [("recovered", "one")]
    assert "no longer asked against reference one" in events[0].summary
    assert [state.reference_hash for state in states.values()] == ["two"]
    _, events = TRACKER.advance(states, [verdict("a", State.ALARM, hash_="two")], window(4))
    assert [(event.status, event.reference_hash) for event in events] == [("started", "two")]


def test_a_new_reference_leaves_an_alert_of_performance_open() -> None:
    states: dict[AlertKey, AlertState] = {}
    told: list[str] = []
    timeline = [(State.ALARM, "one")] * 2 + [(State.ALARM, "two")] + [(State.OK, "two")] * 2
    for number, (state, hash_) in enumerate(timeline, start=1):
        some = verdict("", state, family=Family.PERFORMANCE, monitor="accuracy", hash_=hash_)
        states, events = TRACKER.advance(states, [some], window(number))
        told.extend(f"{event.status} {event.window_end_ms // HOUR}" for event in events)
    assert told == ["started 2", "recovered 5"]


def test_a_column_that_is_not_judged_any_more_is_forgotten_and_its_alert_ended() -> None:
    states, _ = play({"a": "CC", "b": "CC", "c": ".C"})
    states, events = TRACKER.advance(states, [verdict("a", State.ALARM)], window(3))
    assert [(event.column, event.status) for event in events] == [("b", "recovered")]
    assert [key.column for key in states] == ["a"]


def test_the_states_never_outgrow_the_questions() -> None:
    states: dict[AlertKey, AlertState] = {}
    for number in range(1, 200):
        verdicts = [verdict(f"c{number}-{i}", State.ALARM) for i in range(5)]
        states, _ = TRACKER.advance(states, verdicts, window(number))
        assert len(states) <= 5


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text(alphabet="AC.t", min_size=12, max_size=12), min_size=1, max_size=4), st.data()
)
def test_a_restart_and_a_replay_anywhere_tell_the_same(
    lines: list[str], data: st.DataObject
) -> None:
    timelines = {f"c{i}": line for i, line in enumerate(lines)}
    states, events = play(timelines)
    cut = data.draw(st.integers(0, 12))
    again = data.draw(st.integers(0, cut))
    held, before = play({name: line[:cut] for name, line in timelines.items()})
    held = states_from_dict(json.loads(json.dumps(states_to_dict(held))))
    held, replayed = play({n: line[again:cut] for n, line in timelines.items()}, held, again + 1)
    held, after = play({n: line[cut:] for n, line in timelines.items()}, held, cut + 1)
    assert replayed == []
    assert (held, before + after) == (states, events)


def test_a_key_is_read_back_whatever_its_column_is_called() -> None:
    for column in ("", "score", "feature:a/b", "feature:", "feature:drift/ks/x"):
        key = AlertKey(Family.DRIFT, "ks", column)
        assert AlertKey.parse(str(key)) == key


def test_states_that_are_not_ours_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        states_from_dict({"drift/ks/a": 1})
    with pytest.raises(ValueError, match="not enough values"):
        states_from_dict({"drift": {"phase": "quiet"}})


def test_the_figures_of_an_event_are_those_of_its_window() -> None:
    states: dict[AlertKey, AlertState] = {}
    events: tuple[AlertEvent, ...] = ()
    for number, statistic in enumerate((0.3, 0.4), start=1):
        some = replace(verdict("a", State.ALARM), statistic=statistic)
        states, events = TRACKER.advance(states, [some], window(number))
    assert events[0].statistic == 0.4
    assert (events[0].window_start_ms, events[0].window_end_ms) == window(2)[:2]
    assert events[0].since_ms == events[0].start_pane_ms == 0
