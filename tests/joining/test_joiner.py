"""What becomes of predictions and labels, each of it counted by its reason."""

from __future__ import annotations

import math

import pytest

from stream_monitor.joining.pending import Outcome
from stream_monitor.reference.model import Reference
from tests.joining.worlds import BOOLEAN, L, Log, P, outcomes
from tests.summaries.strategies import MULTICLASS, REFERENCE, REGRESSION


def test_a_label_finds_its_prediction() -> None:
    log = Log()
    log.put(P("a", at=3), P("b", at=4))
    log.put(L("b", "no", at=5004))
    found = log.only().total
    assert (found.rows, found.performance.labelled) == (0, 1)
    assert found.performance.confusion.correct == 0
    assert found.performance.delays.n == 1
    assert outcomes(log) == {"joined": 1}


def test_a_label_may_come_before_its_prediction() -> None:
    log = Log()
    log.put(L("a"), L("x"))
    assert log.joiner.models["m"].pending.waiting_labels == 2
    log.put(P("a"))
    assert log.only().total.performance.confusion.correct == 1
    assert log.joiner.models["m"].pending.waiting_labels == 1
    assert outcomes(log) == {"joined": 1}


def test_a_label_that_arrives_again_does_not_count_again() -> None:
    log = Log()
    log.put(P("a"), P("b"))
    log.put(L("a"), L("a"))
    log.put(L("a", at=99))
    assert log.only().total.performance.labelled == 1
    assert outcomes(log) == {"joined": 1, "repeated": 2}


def test_a_label_that_waits_and_arrives_again_does_not_count_again() -> None:
    log = Log()
    log.put(L("a"), L("a"), L("a", "no"))
    log.put(P("a"))
    assert log.only().total.performance.labelled == 1
    assert outcomes(log) == {"joined": 1, "repeated": 1, "contradicted": 1}


def test_a_label_that_contradicts_an_earlier_one_is_counted_and_changes_nothing() -> None:
    log = Log()
    log.put(P("a"))
    log.put(L("a", "yes"))
    before = log.only()
    log.put(L("a", "no"))
    assert log.panes() == {}
    log.restart()
    assert log.only() == before
    assert outcomes(log) == {"joined": 1, "contradicted": 1}


def test_a_label_whose_prediction_never_comes_is_counted_as_unmatched_when_it_leaves() -> None:
    log = Log(retention_ms=100)
    log.put(L("nobody", at=5))
    log.put(P("a", at=90))
    assert log.panes() == {}
    assert outcomes(log) == {}
    log.put(P("b", at=300))
    log.panes()
    assert outcomes(log) == {"unmatched": 1, "expired": 1}
    assert log.joiner.models["m"].pending.waiting_labels == 0


def test_a_prediction_that_leaves_without_a_label_is_counted_as_expired() -> None:
    log = Log(retention_ms=100)
    log.put(P("a", at=3), P("b", at=3))
    log.put(L("b"))
    log.panes()
    log.put(P("c", at=300))
    log.panes()
    assert outcomes(log) == {"joined": 1, "expired": 1}
    assert len(log.joiner.models["m"].pending) == 1
    log.put(L("a"))
    assert log.panes() == {}


def test_a_prediction_that_came_with_its_label_does_not_expire() -> None:
    log = Log(retention_ms=100)
    log.put(P("a", truth="yes"))
    log.put(P("b", at=300))
    assert log.panes() == {}
    assert outcomes(log) == {}


def test_a_second_prediction_with_the_same_id_does_not_get_the_label() -> None:
    log = Log()
    log.put(P("a", at=3), P("a", at=33))
    log.put(P("a", at=13))
    log.put(L("a"))
    assert [*log.panes()] == [0]
    assert outcomes(log) == {"joined": 1, "repeated_prediction": 2}


def test_a_prediction_whose_namesake_has_left_gets_the_label() -> None:
    log = Log(retention_ms=100)
    log.put(P("a", at=3), *[P(str(i), at=3) for i in range(20)])
    log.put(P("x", at=300))
    log.panes()
    log.put(P("a", at=301))
    log.put(L("a"))
    assert [*log.panes()] == [300]


def test_a_label_for_a_prediction_that_came_with_one_is_repeated_or_contradicts() -> None:
    log = Log()
    log.put(P("a", truth="yes"), P("b", truth="yes"))
    log.put(L("a", "yes"), L("b", "no"))
    assert log.panes() == {}
    assert outcomes(log) == {"repeated": 1, "contradicted": 1}


def test_what_is_beyond_the_byte_budget_goes_oldest_first() -> None:
    log = Log(max_bytes=1000)
    for i in range(10):
        log.put(*[P(f"{i}-{j}", at=i) for j in range(4)])
        log.panes()
    held = len(log.joiner.models["m"].pending)
    assert 0 < held < 40
    assert log.joiner.floor == 10 - held // 4
    assert outcomes(log) == {"expired": 40 - held}
    log.put(L("0-0"), L("9-0", at=11))
    log.panes()
    assert log.count(Outcome.JOINED) == 1


def test_a_quiet_model_does_not_keep_a_busy_one_s_memory() -> None:
    log = Log(retention_ms=100, max_bytes=2000)
    log.put(P("q", model="quiet"))
    for i in range(50):
        log.put(P(f"{i}", at=i * 50))
        log.panes()
    assert len(log.joiner.models["m"].pending) <= 4
    assert len(log.joiner.models["quiet"].pending) == 0
    assert log.count(Outcome.EXPIRED, "quiet") == 1
    assert log.joiner.floor >= 46


def test_models_beyond_the_limit_are_dropped_and_counted() -> None:
    log = Log(max_models=1)
    log.put(P("a"))
    log.put(P("a", model="other"), P("b", model="other"))
    log.put(L("a", model="third"))
    assert [*log.joiner.models] == ["m"]
    assert log.dropped("join_models") == 3


def test_a_damaged_message_is_counted_and_nothing_else_is_lost() -> None:
    log = Log()
    log.put(P("a"))
    log.send(b"\xc1")
    log.put(L("a"))
    assert log.only().total.performance.labelled == 1
    assert sum(log.joiner.counts.errors.values()) == 1


def test_labels_of_a_type_that_is_no_class_are_no_labels_of_a_classifier() -> None:
    log = Log()
    log.put(P("a"), P("b"), P("c"))
    log.put(L("a", ["yes"]), L("b", math.nan), L("c", "yes"))
    (told,) = log.joiner.flush()
    assert told.labelled == 1
    log.put(L("a", {"yes": 1}), L("a", "yes"))
    assert outcomes(log) == {"joined": 3, "repeated": 1, "contradicted": 1}


def test_labels_of_a_boolean_model_may_be_zeros_and_ones() -> None:
    log = Log(BOOLEAN)
    log.put(P("a", said=True), P("b", said="False"), P("c", said=1), P("d", said=0))
    log.put(L("a", 1), L("b", 0), L("c", "TRUE"), L("d", True))
    performance = log.only().total.performance
    assert (performance.labelled, performance.confusion.correct) == (4, 3)
    log.put(L("a", True), L("b", False), L("b", 1.0))
    assert outcomes(log) == {"joined": 4, "repeated": 2, "contradicted": 1}


def test_labels_of_a_regression_are_numbers() -> None:
    log = Log(REGRESSION)
    log.put(P("a", said=1.5), P("b", said=2), P("c", said=-0.0), P("d", said=3))
    log.put(L("a", 1.0), L("b", 2.0), L("c", 0), L("d", "3"))
    performance = log.only().total.performance
    assert performance.confusion.correct == 2
    assert performance.labelled == 3
    log.put(L("c", -0.0), L("b", 2), L("d", 3))
    assert outcomes(log) == {"joined": 4, "repeated": 2, "contradicted": 1}


def test_labels_of_many_classes_are_texts() -> None:
    log = Log(MULTICLASS)
    log.put(P("a", said="no"), P("b", said=1), P("c", said="yes"))
    log.put(L("a", "no"), L("b", "1"), L("c", "other"))
    assert log.only().total.performance.confusion.correct == 2


def test_a_model_without_a_reference_has_labels_too() -> None:
    log = Log(None)
    log.put(P("a", said="x"))
    log.put(L("a", "x"))
    assert log.only().total.performance.confusion.correct == 1


def test_labels_are_cut_by_slice() -> None:
    log = Log()
    log.put(P("a", country="de"), P("b", country=""), P("c"), P("d", country="de"))
    log.put(L("a"), L("b"), L("c"))
    log.put(L("d", "no"))
    found = {value: traffic for _, value, traffic in log.only().slices()}
    assert {value: one.performance.labelled for value, one in found.items()} == {"de": 2, "": 1}


@pytest.mark.parametrize("reference", [REFERENCE, REGRESSION])
def test_labels_wait_for_a_reference_that_is_not_known_yet(reference: Reference) -> None:
    known: dict[str, Reference] = {}
    log = Log(reference, reference=lambda model, hash_: known.get(hash_), retention_ms=100)
    log.put(P("a", said=1), P("b", said=2))
    log.put(L("a", 1))
    assert log.panes() == {}
    known[reference.hash] = reference
    log.put(L("b", 2))
    assert log.only().total.performance.confusion.correct == 2


def test_labels_whose_reference_never_comes_are_counted_when_they_leave() -> None:
    log = Log(reference=lambda model, hash_: None, retention_ms=100)
    log.put(P("a"), P("b"))
    log.put(L("a"))
    log.panes()
    log.put(P("c", at=900))
    assert log.panes() == {}
    assert log.dropped("join_reference_unknown") == 1
    assert outcomes(log) == {"joined": 1, "expired": 1}


def test_a_pane_says_from_which_offsets_it_is_built_and_speaks_only_of_news() -> None:
    log = Log()
    log.put(L("a"))
    log.put(P("x", at=4), P("y", at=44))
    log.put(P("a", at=3))
    (told,) = log.joiner.flush()
    assert (told.key.pane_ms, told.first, told.last, told.labelled) == (0, 0, 2, 1)
    assert [*log.joiner.flush()] == []
    log.put(L("y"))
    (told,) = log.joiner.flush()
    assert (told.key.pane_ms, told.first, told.last) == (40, 1, 3)
