"""Crashes of readers and joiners: nothing is lost, and nothing counts twice."""

from __future__ import annotations

import numpy as np

from stream_monitor.joining.joiner import Joiner
from stream_monitor.joining.messages import JoinMessage, Range
from tests.joining.worlds import LABELS, PREDICTIONS, L, Log, P, labels, outcomes


def test_a_successor_does_not_jump_over_a_lost_range_either() -> None:
    log = Log(retention_ms=100)
    log.put(P("a", at=0))
    log.put(L("a"))
    log.put_at(LABELS, Range(2, 3, False), [L("c")])  # the one before was lost
    log.put(P("b", at=500), P("c", at=500))
    log.panes()
    assert log.joiner.floor == 1
    log.restart()
    log.put_at(LABELS, Range(1, 3, True), [L("b", at=600), L("c", at=600)])
    assert log.only().total.performance.labelled == 2
    log.put(P("d", at=900))
    log.panes()
    assert log.joiner.floor == 5


def test_a_lost_range_is_not_jumped_over() -> None:
    log = Log()
    log.put(P("a"))
    log.put_at(PREDICTIONS, Range(2, 3, False), [P("c")])
    assert log.dropped("join_gap") == 1
    log.put_at(PREDICTIONS, Range(1, 4, True), [P("b"), P("c"), P("d")])
    log.put(L("a"), L("b"), L("c"), L("d"))
    assert log.only().total.performance.labelled == 4


def test_a_gap_that_nobody_closes_holds_no_more_than_the_budget() -> None:
    log = Log(retention_ms=100, max_bytes=1000)
    log.put_at(LABELS, Range(1, 2, False), [L("a")])
    assert log.joiner.floor == 0
    for i in range(50):
        log.put(P(f"{i}", at=i * 50))
        log.panes()
    assert log.joiner.floor > 40


def test_what_a_reader_tells_again_after_a_crash_counts_once() -> None:
    log = Log()
    log.put(P("a"), P("b"))
    log.put(L("a"))
    log.put_at(PREDICTIONS, Range(0, 3, True), [P("a"), P("b"), P("c")])
    log.put_at(LABELS, Range(0, 2, True), [L("a"), L("c")])
    log.put_at(LABELS, Range(0, 1, True), [L("a")])
    assert log.only().total.performance.labelled == 2
    assert outcomes(log) == {"joined": 2}


def test_a_pane_is_forgotten_as_a_whole_so_that_a_successor_knows_all_of_it() -> None:
    log = Log(retention_ms=100)
    log.put(P("a", at=1))
    log.put(P("b", at=9))
    log.put(L("a"))
    log.panes()
    log.put(P("late", at=107))  # the horizon is inside the pane
    log.panes()
    log.restart()
    log.put(L("b"))
    assert log.only().total.performance.labelled == 2


def test_a_label_is_read_again_as_long_as_its_prediction() -> None:
    log = Log(retention_ms=100)
    log.put(L("a", at=1))
    log.put(P("a", at=60), P("b", at=60))
    log.put(P("new", at=130))
    assert log.only().total.performance.labelled == 1
    log.restart()
    log.put(L("b"))
    assert log.only().total.performance.labelled == 2


def test_a_label_of_a_forgotten_pane_is_counted_and_begins_nothing_anew() -> None:
    log = Log(retention_ms=100)
    log.put(P("old", at=1), P("new", at=95))  # one message: they leave together
    log.put(P("newer", at=150))
    log.panes()
    log.put(L("old"), L("new"))
    assert [*log.panes()] == [90]
    assert log.dropped("join_past_retention") == 1


def test_rows_of_one_message_that_is_cut_by_what_was_taken_before_are_taken_in_part() -> None:
    log = Log()
    log.put(L("x"))
    part = labels([L("a"), L("b"), L("c")], [0, 1, 1])
    log.send(JoinMessage(LABELS, Range(0, 2, True), (part,)).encode())
    assert log.joiner.models["m"].pending.waiting_labels == 3


def test_a_joiner_that_begins_in_the_middle_takes_what_comes_first() -> None:
    joiner = Joiner(Log().config, start=7)
    joiner.handle(7, JoinMessage(LABELS, Range(5, 6, False), (labels([L("a")], [5]),)).encode())
    assert joiner.models["m"].pending.waiting_labels == 1
    assert (joiner.position, joiner.floor) == (8, 7)
    assert np.array_equal(joiner.models["m"].pending.slice_codes(np.array([], int)), [])
