from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.alerts.rule import (
    QUIET,
    TABLE,
    AlertState,
    Limits,
    Phase,
    Severity,
    Transition,
    Window,
    step,
)
from stream_monitor.detectors.verdict import State

HOUR = 3_600_000
TWO = Limits(2, 2)
LETTERS = {"A": State.ALARM, ".": State.OK, "t": State.THIN, "i": State.INFO}


def window(number: int) -> Window:
    return Window((number - 1) * HOUR, number * HOUR)


def run(signals: str, limits: Limits = TWO) -> tuple[list[AlertState], list[Transition | None]]:
    """The states and transitions after each signal: A alarm, . quiet, t thin, i information."""
    state, states, said = QUIET, [], []
    for number, letter in enumerate(signals, start=1):
        state, transition = step(state, LETTERS[letter], window(number), limits)
        states.append(state)
        said.append(transition)
    return states, said


def phases(signals: str, limits: Limits = TWO) -> str:
    """One letter a window: the first of its phase's name."""
    return "".join(state.phase.value[0] for state in run(signals, limits)[0])


def test_the_table_has_a_move_for_each_phase_and_each_answer() -> None:
    assert set(TABLE) == set(itertools.product(Phase, (State.OK, State.ALARM)))


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ("....", "oooo"),  # OK, quiet: OK
        ("A", "p"),  # OK, alarm: PENDING
        ("A.", "po"),  # PENDING, quiet: OK, and the count is forgotten
        ("A.A", "pop"),
        ("AA", "pf"),  # PENDING, alarm: FIRING
        ("AAA", "pff"),  # FIRING, alarm: FIRING
        ("AA.", "pfr"),  # FIRING, quiet: RECOVERING
        ("AA.A", "pfrf"),  # RECOVERING, alarm: FIRING again
        ("AA.A.A", "pfrfrf"),  # and its count is forgotten
        ("AA..", "pfro"),  # RECOVERING, quiet: OK
        ("AtA", "ppf"),  # no answer changes nothing, in every phase
        ("AAt", "pff"),
        ("AA.t.", "pfrro"),
        ("tiA", "oop"),
    ],
)
def test_each_transition_of_the_rule(signals: str, expected: str) -> None:
    assert phases(signals) == expected


def test_longer_limits_count_further() -> None:
    assert phases("AAAA...", Limits(3, 3)) == "ppffrro"


def test_limits_of_one_open_and_close_at_once() -> None:
    assert phases("A.A.", Limits(1, 1)) == "fofo"
    assert run("A.", Limits(1, 1))[1] == [Transition.OPENED, Transition.RESOLVED]


def test_an_open_alert_is_announced_once_and_resolved_once() -> None:
    said = run("AAAA.AA..")[1]
    assert said == [None, Transition.OPENED, *[None] * 6, Transition.RESOLVED]


def test_the_first_window_and_the_opening_are_kept_until_it_is_resolved() -> None:
    states, _ = run(".AA.A..")
    assert [state.first for state in states] == [None, *[window(2)] * 5, None]
    assert [state.opened_at_ms for state in states] == [None, None, *[3 * HOUR] * 4, None]


def test_a_window_that_is_not_later_than_the_last_one_changes_nothing() -> None:
    state, _ = step(QUIET, State.ALARM, window(5), TWO)
    for number in (4, 5):
        assert step(state, State.ALARM, window(number), TWO) == (state, None)
        assert step(state, State.OK, window(number), TWO) == (state, None)


def test_a_missing_window_changes_nothing() -> None:
    state, _ = step(QUIET, State.ALARM, window(1), TWO)
    state, said = step(state, State.ALARM, window(9), TWO)
    assert said is Transition.OPENED
    assert state.first == window(1)


@settings(deadline=None)
@given(
    st.text(alphabet="A.ti", max_size=60),
    st.builds(Limits, st.integers(1, 4), st.integers(1, 4)),
)
def test_openings_and_resolutions_take_turns_and_have_their_windows(
    signals: str, limits: Limits
) -> None:
    states, said = run(signals, limits)
    told = [transition for transition in said if transition is not None]
    assert all(first != second for first, second in itertools.pairwise(told))
    assert not told or told[0] is Transition.OPENED
    for end, transition in enumerate(said, start=1):
        answers = [letter for letter in signals[:end] if letter in "A."]
        if transition is Transition.OPENED:
            assert answers[-limits.consecutive :] == ["A"] * limits.consecutive
        if transition is Transition.RESOLVED:
            assert answers[-limits.recover :] == ["."] * limits.recover
    for state in states:
        assert (state.opened_at_ms is not None) == state.is_open


@settings(deadline=None)
@given(st.text(alphabet="A.t", max_size=20), st.text(alphabet="A.t", max_size=20))
def test_a_state_survives_its_codec_anywhere(before: str, after: str) -> None:
    states, _ = run(before)
    state = states[-1] if states else QUIET
    copy = AlertState.from_dict(state.to_dict())
    assert copy == state
    for number, letter in enumerate(after, start=len(before) + 1):
        state, said = step(state, LETTERS[letter], window(number), TWO)
        copy, told = step(
            AlertState.from_dict(copy.to_dict()), LETTERS[letter], window(number), TWO
        )
        assert (state, said) == (copy, told)


def test_severity_and_reference_survive_the_codec() -> None:
    state = AlertState(
        phase=Phase.FIRING,
        last_end_ms=2 * HOUR,
        first=window(1),
        reference_hash="ab" * 8,
        opened_at_ms=2 * HOUR,
        severity=Severity.CRITICAL,
    )
    assert AlertState.from_dict(state.to_dict()) == state


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"phase": "burning"},
        {"phase": "ok", "count": "1"},
        {"phase": "ok", "count": True},
        {"phase": "ok", "first": [1]},
        {"phase": "ok", "first": [None, 2]},
        {"phase": "firing", "severity": "dire"},
    ],
)
def test_what_is_no_state_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AlertState.from_dict(broken)
