from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.alerts.rule import Phase, Severity, Window
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import AlertKey
from stream_monitor.detectors.verdict import Carrier, Family
from stream_monitor.pipeline import items, state
from stream_monitor.pipeline.effects import Delete, EvaluateEffect, Publish, Put, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.pipeline.messages import Slot, SlotKey
from stream_monitor.pipeline.slots import StoredSlot
from stream_monitor.reference.registry import References
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.windows.panes import WindowSpec
from stream_monitor.windows.watermark import ModelProgress, PartitionProgress
from tests.pipeline.events import (
    EPOCH_MS,
    LATENESS_MS,
    SETTINGS,
    SLIDE_MS,
    WINDOW_MS,
    Event,
    log,
    reference,
)

SPEC = WindowSpec.of(SETTINGS.defaults)


def evaluator(references: References) -> Evaluator:
    return LocalEngine(SETTINGS, references).evaluator


def slot(pane: int, rows: int, known: References, hash_: str = "0123456789abcdef") -> Slot:
    """The slot of a pane (counted from the epoch of these tests) with so many events."""
    of = known.get("m", hash_)
    summary = ModelSummary.empty(of)
    for record in log([Event(pane * SLIDE_MS + i, x=i % 3) for i in range(rows)]):
        engine = LocalEngine(SETTINGS, known)
        (batch,) = engine.summarisers[0]._decoder.decode([record]).batches
        summary = summary.merge(ModelSummary.of(batch, of))
    key = SlotKey("m", hash_, EPOCH_MS + pane * SLIDE_MS, SLIDE_MS, 0, pane)
    return Slot(key, pane * 100 + rows, rows, summary.to_state())


def come_to(pane: int, *, position: int = 10**6) -> PartitionProgress:
    """All is read to where the panes before ``pane`` are complete."""
    at_ms = EPOCH_MS + pane * SLIDE_MS + LATENESS_MS
    return PartitionProgress(0, 1, position, False, {"m": ModelProgress(at_ms, False)})


def reports(effects: Iterable[EvaluateEffect]) -> list[dict[str, Any]]:
    return [
        dict(effect.document)
        for effect in effects
        if isinstance(effect, Publish) and effect.stream is Stream.REPORTS
    ]


def test_a_window_is_judged_once_and_only_when_it_is_complete() -> None:
    known = References(reference())
    machine = evaluator(known)
    machine.handle(slot(0, 6, known), 0)
    assert reports(machine.tick(0)) == []
    (report,) = reports(machine.handle(come_to(1), 0))
    assert report["rows"] == 6
    assert reports(machine.handle(come_to(1), 0)) == []


def test_a_report_is_published_before_its_window_is_marked_judged() -> None:
    known = References(reference())
    machine = evaluator(known)
    machine.handle(slot(0, 6, known), 0)
    effects = machine.handle(come_to(1), 0)
    kinds = [type(effect) for effect in effects]
    assert kinds.index(Publish) < kinds.index(Put, kinds.index(Publish))


def test_a_window_with_too_few_events_says_so_and_gives_no_verdict() -> None:
    known = References(reference())
    machine = evaluator(known)
    machine.handle(slot(0, 2, known), 0)
    (report,) = reports(machine.handle(come_to(1), 0))
    assert report["status"] == "thin"
    assert {verdict["state"] for verdict in report["verdicts"] if verdict["decides"]} == {"thin"}


def test_windows_wait_for_a_reference_that_is_not_known_here_yet() -> None:
    known, here = References(reference()), References()
    machine = evaluator(here)
    machine.handle(slot(0, 6, known), 0)
    assert reports(machine.handle(come_to(1), 0)) == []
    here.put(reference())
    assert len(reports(machine.tick(0))) == 1


def test_late_events_are_counted_and_change_no_report_already_made() -> None:
    known = References(reference())
    machine = evaluator(known)
    machine.handle(slot(0, 6, known), 0)
    machine.handle(come_to(1), 0)
    late = slot(0, 9, known)
    effects = machine.handle(late, 0)
    assert reports(effects) == []
    assert machine.counts.late["m"] == 3
    machine.handle(slot(1, 6, known), 0)
    (report,) = reports(machine.handle(come_to(2), 0))
    assert report["rows"] == 12
    assert report["processing"]["late_rows"] == 3


def test_slots_of_panes_that_no_window_needs_are_forgotten() -> None:
    known = References(reference())
    machine = evaluator(known)
    panes = WINDOW_MS // SLIDE_MS + 2
    deleted: list[bytes] = []
    for pane in range(panes):
        machine.handle(slot(pane, 6, known), 0)
        effects = machine.handle(come_to(pane + 1), 0)
        deleted += [effect.key for effect in effects if isinstance(effect, Delete)]
    assert len(deleted) == panes - WINDOW_MS // SLIDE_MS + 1
    assert len(machine.models["m"].lanes["0123456789abcdef"].panes) == WINDOW_MS // SLIDE_MS - 1


def test_what_was_told_in_time_and_is_told_again_after_its_windows_is_not_late() -> None:
    known = References(reference())
    machine = evaluator(known)
    first = slot(0, 6, known)
    panes = WINDOW_MS // SLIDE_MS + 2
    for pane in range(panes):
        machine.handle(slot(pane, 6, known), 0)
        machine.handle(come_to(pane + 1, position=pane * 100 + 7), 0)
    assert machine.handle(first, 0) == []
    assert (machine.counts.late["m"], machine.counts.repeated) == (0, 1)
    beyond = Slot(first.key, panes * 100, first.rows, first.state)
    assert machine.handle(beyond, 0) == []
    assert (machine.counts.late["m"], machine.counts.repeated) == (6, 1)


def test_a_slot_of_another_pane_length_is_dropped_and_counted() -> None:
    known = References(reference())
    machine = evaluator(known)
    key = SlotKey("m", "0123456789abcdef", EPOCH_MS, SLIDE_MS * 2, 0, 0)
    assert machine.handle(Slot(key, 5, 5, b""), 0) == []
    assert machine.counts.dropped["slide_changed"] == 1


def test_a_slot_that_does_not_fit_its_reference_costs_its_window_and_nothing_else() -> None:
    known = References(reference())
    machine = evaluator(known)
    key = SlotKey("m", "0123456789abcdef", EPOCH_MS, SLIDE_MS, 0, 0)
    machine.handle(Slot(key, 5, 5, b"damaged"), 0)
    machine.handle(slot(1, 6, known), 0)
    (report,) = reports(machine.handle(come_to(2), 0))
    assert report["rows"] == 6
    assert machine.counts.dropped["unlike"] == 1


def test_the_lane_of_a_replaced_reference_goes_when_its_last_window_has() -> None:
    old, new = reference(), reference(hash_="fedcba9876543210", shift=1.0)
    known = References(old, new)
    machine = evaluator(known)
    machine.handle(slot(0, 6, known, old.hash), 0)
    last = 2 * WINDOW_MS // SLIDE_MS + 3
    for pane in range(1, last):
        machine.handle(slot(pane, 6, known, new.hash), 0)
        machine.handle(come_to(pane + 1), 0)
    lanes = machine.models["m"].lanes
    assert not lanes[old.hash].panes
    assert lanes[old.hash].ledger.panes  # labels of its events may still come
    assert lanes[new.hash].panes


def test_a_machine_made_from_its_table_goes_on_where_the_other_stopped() -> None:
    known = References(reference())
    first = evaluator(known)
    table: dict[bytes, bytes] = {}
    for pane in range(3):
        effects = first.handle(slot(pane, 6, known), 0) + first.handle(come_to(pane + 1), 0)
        for effect in effects:
            if isinstance(effect, Put):
                table[effect.key] = effect.value
            elif isinstance(effect, Delete):
                del table[effect.key]
    second = evaluator(known)
    second.restore(table.items())
    for machine in (first, second):
        machine.handle(slot(3, 6, known), 0)
    assert reports(first.handle(come_to(4), 0)) == reports(second.handle(come_to(4), 0)) != []


counts = st.integers(0, 2**53)
share = st.floats(0, 1)
carriers = st.builds(
    Carrier,
    st.text(),
    share,
    st.integers(0, 2**47),  # a time before the year 10000
    st.none() | share,
    st.dictionaries(st.text(), share, max_size=2).map(lambda named: tuple(named.items())),
)
alerts = st.dictionaries(
    st.builds(AlertKey, st.sampled_from(Family), st.sampled_from(["ks", "missing"]), st.text()),
    st.builds(
        AlertState,
        st.sampled_from(Phase),
        st.integers(0, 9),
        counts,
        st.builds(Window, counts, counts, counts),
        st.text(max_size=16),
        st.none() | counts,
        st.none() | counts,
        st.none() | st.sampled_from(Severity),
        counts,
        st.lists(carriers, max_size=3).map(tuple),
    ),
    max_size=4,
)


@given(st.text(min_size=1), st.dictionaries(st.text(), counts, max_size=3), alerts)
def test_what_was_judged_survives_its_encoding(
    model: str, ends: dict[str, int], held: dict[AlertKey, AlertState]
) -> None:
    judged = items.Judged(model, ends, held, held, (), 7)
    put = state.put_model(judged)
    assert state.decode(put.key, put.value) == judged


@given(st.builds(StoredSlot, counts, counts, st.binary(), counts, counts))
def test_a_slot_in_the_table_survives_its_encoding(stored: StoredSlot) -> None:
    key = SlotKey("m\x00ö", "hash", -5, 10, 3, 7)
    put = state.put_slot(key, stored)
    assert state.decode(put.key, put.value) == items.KeptSlot(key, stored)
    assert state.delete_slot(key).key == put.key
