from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.alerts.rule import (
    TABLE,
    Limits,
    Move,
    Phase,
    Severity,
    Signal,
    Status,
    Window,
)
from stream_monitor.alerts.state import QUIET, AlertState, step
from stream_monitor.detectors.verdict import Carrier

HOUR = 3_600_000
TWO = Limits(2, 2, 0)
FOUR_HOURS = Limits(2, 2, 4 * HOUR)
LETTERS = {"A": Signal.ALARM, ".": Signal.QUIET, "t": None}
PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"


def window(number: int) -> Window:
    return Window((number - 1) * HOUR, number * HOUR, (number - 1) * HOUR)


def run(signals: str, limits: Limits = TWO) -> tuple[list[AlertState], list[Status | None]]:
    """The states and what they say after each signal: A alarm, . quiet, t none."""
    state, states, said = QUIET, [], []
    for number, letter in enumerate(signals, start=1):
        state, status = step(state, LETTERS[letter], window(number), limits)
        states.append(state)
        said.append(status)
    return states, said


def phases(signals: str, limits: Limits = TWO) -> str:
    """One letter a window: the first of its phase's name."""
    return "".join(state.phase.value[0] for state in run(signals, limits)[0])


def test_the_table_has_a_move_for_each_phase_and_each_signal() -> None:
    assert set(TABLE) == set(itertools.product(Phase, Signal))


def told(move: Move) -> str:
    """A move as the documentation writes it."""
    then = f"`{move.done}`" + (f", says `{move.says}`" if move.says else "")
    if move.limit == "at once":
        return then
    return f"`{move.waiting}`; after `{move.limit}` of them {then}"


def test_the_documentation_has_the_very_table() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| `(" + "|".join(Phase) + r")` \|", line)
    ]
    assert rows == [
        [f"`{phase}`", told(TABLE[phase, Signal.ALARM]), told(TABLE[phase, Signal.QUIET])]
        for phase in Phase
    ]


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ("....", "qqqq"),  # QUIET, quiet: QUIET
        ("A", "p"),  # QUIET, alarm: PENDING
        ("A.", "pq"),  # PENDING, quiet: QUIET, and the count is forgotten
        ("A.A", "pqp"),
        ("AA", "po"),  # PENDING, alarm: ONGOING
        ("AAA", "poo"),  # ONGOING, alarm: ONGOING
        ("AA.", "por"),  # ONGOING, quiet: RECOVERING
        ("AA.A", "poro"),  # RECOVERING, alarm: ONGOING again
        ("AA.A.A", "pororo"),  # and its count is forgotten
        ("AA..", "porc"),  # RECOVERING, quiet: COOLING
        ("AA...", "porcq"),  # the cooldown is over at once
        ("AA..A", "porcp"),
        ("AtA", "ppo"),  # no signal changes nothing, in every phase
        ("AAt", "poo"),
        ("AA.t.", "porrc"),
        ("ttA", "qqp"),
    ],
)
def test_each_transition_of_the_rule(signals: str, expected: str) -> None:
    assert phases(signals) == expected


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ("AA..A", "porcc"),  # COOLING, alarm: it counts
        ("AA..AA", "porcco"),  # COOLING, alarm: ONGOING again
        ("AA..A.A", "porcccc"),  # the count is forgotten
        ("AA......", "porccccc"),  # COOLING, quiet: COOLING, for four hours
        ("AA.......", "porcccccq"),  # then QUIET
        ("AA.......A", "porcccccqp"),
        ("AA..ttttA", "porcccccp"),  # and as well if nothing was seen until then
        ("AA..tttA", "porccccc"),  # the last window that continues it
        ("AA..tttAA", "porccccco"),  # even if it is on again only later
        ("AA..tttA.A", "porccccccp"),  # but not once that run has ended
    ],
)
def test_what_comes_again_while_it_cools_continues_it(signals: str, expected: str) -> None:
    assert phases(signals, FOUR_HOURS) == expected


def test_longer_limits_count_further() -> None:
    assert phases("AAAA...", Limits(3, 3, 0)) == "ppoorrc"


def test_limits_of_one_start_and_end_at_once() -> None:
    assert phases("A.A.", Limits(1, 1, 0)) == "ococ"
    assert run("A.", Limits(1, 1, 0))[1] == [Status.STARTED, Status.RECOVERED]


def test_an_alert_starts_once_and_recovers_once() -> None:
    said = run("AAAA.AA..")[1]
    ends = [status for status in said if status not in (None, Status.ONGOING)]
    assert ends == [Status.STARTED, Status.RECOVERED]
    assert said.count(Status.ONGOING) == 4


def test_the_first_window_and_the_start_are_kept_until_the_cooldown_is_over() -> None:
    states, _ = run(".AA..AA.......", FOUR_HOURS)
    assert [state.first for state in states] == [None, *[window(2)] * 12, None]
    assert [state.started_at_ms for state in states] == [None, None, *[3 * HOUR] * 11, None]
    recovered = [state.recovered_at_ms for state in states]
    assert recovered == [None] * 4 + [5 * HOUR] * 2 + [None] * 2 + [9 * HOUR] * 5 + [None]


def test_a_window_that_is_not_later_than_the_last_one_changes_nothing() -> None:
    state, _ = step(QUIET, Signal.ALARM, window(5), TWO)
    for number in (4, 5):
        assert step(state, Signal.ALARM, window(number), TWO) == (state, None)
        assert step(state, Signal.QUIET, window(number), TWO) == (state, None)


def test_a_missing_window_changes_nothing() -> None:
    state, _ = step(QUIET, Signal.ALARM, window(1), TWO)
    state, said = step(state, Signal.ALARM, window(9), TWO)
    assert said is Status.STARTED
    assert state.first == window(1)


limits = st.builds(
    Limits, st.integers(1, 4), st.integers(1, 4), st.integers(0, 6).map(lambda hours: hours * HOUR)
)


@settings(deadline=None)
@given(st.text(alphabet="A.t", max_size=60), limits)
def test_starts_and_recoveries_take_turns_and_have_their_windows(
    signals: str, limits: Limits
) -> None:
    states, said = run(signals, limits)
    ends = [status for status in said if status in (Status.STARTED, Status.RECOVERED)]
    assert all(first != second for first, second in itertools.pairwise(ends))
    assert not ends or ends[0] is Status.STARTED
    for end, status in enumerate(said, start=1):
        answers = [letter for letter in signals[:end] if letter in "A."]
        if status is Status.STARTED:
            assert answers[-limits.consecutive :] == ["A"] * limits.consecutive
        if status is Status.RECOVERED:
            assert answers[-limits.recover :] == ["."] * limits.recover
    for state in states:
        assert (state.started_at_ms is not None) == state.has_started
        assert (state.recovered_at_ms is not None) == (state.phase is Phase.COOLING)


@settings(deadline=None)
@given(st.text(alphabet="A.t", max_size=60), limits)
def test_a_run_that_begins_within_the_cooldown_is_the_same_alert_and_no_other_one(
    signals: str, limits: Limits
) -> None:
    states, said = run(signals, limits)
    over: int | None = None  # when it recovered last
    first: Window | None = None
    began = 0
    for number, (letter, state, status) in enumerate(zip(signals, states, said, strict=True), 1):
        if letter == ".":
            began = 0
        elif letter == "A" and not began:
            began = number
        if status is Status.STARTED:
            continues = over is not None and began * HOUR <= over + limits.cooldown_ms
            assert (state.first == first) is continues
            first = state.first
        if status is Status.RECOVERED:
            over = number * HOUR


@settings(deadline=None)
@given(st.text(alphabet="A.t", max_size=20), st.text(alphabet="A.t", max_size=20), limits)
def test_a_state_survives_its_codec_anywhere(before: str, after: str, limits: Limits) -> None:
    states, _ = run(before, limits)
    state = states[-1] if states else QUIET
    copy = AlertState.from_dict(state.to_dict())
    assert copy == state
    for number, letter in enumerate(after, start=len(before) + 1):
        state, said = step(state, LETTERS[letter], window(number), limits)
        copy, told = step(
            AlertState.from_dict(copy.to_dict()), LETTERS[letter], window(number), limits
        )
        assert (state, said) == (copy, told)


def test_what_an_alert_has_come_to_survives_the_codec() -> None:
    state = AlertState(
        phase=Phase.COOLING,
        last_end_ms=2 * HOUR,
        first=window(1),
        reference_hash="ab" * 8,
        started_at_ms=2 * HOUR,
        recovered_at_ms=3 * HOUR,
        severity=Severity.CRITICAL,
        sequence=4,
        columns=(
            Carrier("feature:a", 0.75, HOUR, 0.5, (("ks", 0.5), ("psi", 2.0))),
            Carrier("prediction", 0.25, 0, None),
        ),
    )
    assert AlertState.from_dict(state.to_dict()) == state


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"phase": "burning"},
        {"phase": "quiet", "count": "1"},
        {"phase": "quiet", "count": True},
        {"phase": "quiet", "first": [1, 2]},
        {"phase": "quiet", "first": [None, 2, 3]},
        {"phase": "ongoing", "severity": "dire"},
        {"phase": "ongoing", "columns": 1},
        {"phase": "ongoing", "columns": [{"column": "a"}]},
    ],
)
def test_what_is_no_state_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AlertState.from_dict(broken)
