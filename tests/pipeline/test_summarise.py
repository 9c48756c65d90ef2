from collections.abc import Sequence
from dataclasses import replace

from stream_monitor.events.batch import Record
from stream_monitor.pipeline.effects import (
    SendDeadLetter,
    SendProgress,
    SendSlot,
    SummariseEffect,
)
from stream_monitor.pipeline.engine import decoder, summariser_config
from stream_monitor.pipeline.messages import Slot
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.reference.registry import References
from stream_monitor.windows.watermark import PartitionProgress
from tests.pipeline.events import EPOCH_MS, LATENESS_MS, SETTINGS, SLIDE_MS, Event, log, reference

BLOCK = SETTINGS.kafka.block_size


def machine(
    *references: Reference, max_panes: int | None = None, max_models: int | None = None
) -> Summariser:
    config = summariser_config(SETTINGS, References(*references))
    config = replace(
        config,
        max_panes=max_panes or config.max_panes,
        max_models=max_models or config.max_models,
    )
    return Summariser(0, 1, decoder(SETTINGS), config)


def slots(effects: Sequence[SummariseEffect]) -> list[Slot]:
    return [effect.slot for effect in effects if isinstance(effect, SendSlot)]


def progress(effects: Sequence[SummariseEffect]) -> list[PartitionProgress]:
    return [effect.progress for effect in effects if isinstance(effect, SendProgress)]


def records(*at_ms: int, first: int = 0) -> list[Record]:
    return log([Event(at) for at in at_ms], first=first)


def test_a_complete_block_is_sent_up_to_its_last_offset() -> None:
    stage = machine(reference())
    assert slots(stage.handle(records(*[0] * (BLOCK - 1)), 0)) == []
    (slot,) = slots(stage.handle(records(0, first=BLOCK - 1), 0))
    assert (slot.key.block, slot.last, slot.rows) == (0, BLOCK - 1, BLOCK)
    assert stage.block_start == BLOCK


def test_a_slot_waits_until_its_pane_may_be_judged() -> None:
    stage = machine(reference())
    stage.handle(records(0, 1), 0)
    assert slots(stage.flush(0, caught_up=False)) == []
    stage.handle(records(SLIDE_MS + LATENESS_MS, first=2), 0)
    (slot,) = slots(stage.flush(0, caught_up=False))
    assert (slot.key.pane_ms, slot.rows, slot.last) == (EPOCH_MS, 2, 2)


def test_a_clock_that_is_set_back_delays_silence_and_progress_no_longer_than_usual() -> None:
    stage, hour = machine(reference()), 3_600_000
    stage.handle(records(0, 1), hour)
    assert len(progress(stage.flush(hour, caught_up=True))) == 1
    assert progress(stage.flush(0, caught_up=True)) == []
    assert len(progress(stage.flush(2001, caught_up=True))) == 1
    (told,) = progress(stage.flush(SETTINGS.worker.idle_timeout_ms, caught_up=True))
    assert told.models["m"].idle
    assert told.rested


def test_a_silent_model_holds_nothing_back() -> None:
    stage = machine(reference())
    stage.handle(records(0, 1), 0)
    later = SETTINGS.worker.idle_timeout_ms
    assert slots(stage.flush(later, caught_up=False)) == []
    effects = stage.flush(later, caught_up=True)
    assert [slot.rows for slot in slots(effects)] == [2]
    assert progress(effects)[0].models["m"].idle


def test_progress_comes_after_the_slots_it_speaks_of() -> None:
    stage = machine(reference())
    stage.handle(records(0, SLIDE_MS + LATENESS_MS), 0)
    effects = stage.flush(0, caught_up=False)
    assert [type(effect) for effect in effects] == [SendSlot, SendProgress]


def test_progress_is_said_again_as_a_heartbeat_even_if_nothing_has_changed() -> None:
    stage = machine(reference())
    stage.handle(records(0), 0)
    assert len(progress(stage.flush(1, caught_up=False))) == 1
    assert progress(stage.flush(2, caught_up=False)) == []
    assert len(progress(stage.flush(2001, caught_up=False))) == 1


def test_a_block_read_again_builds_the_same_slot() -> None:
    ends = []
    for step in (16, 3):
        stage = machine(reference())
        for start in range(0, BLOCK, step):
            at_ms = range(start, min(start + step, BLOCK))
            sent = slots(stage.handle(records(*at_ms, first=start), 0))
        ends.append(sent)
    assert len(ends[0]) == 1
    assert ends[0] == ends[1]


def test_records_that_were_handled_already_are_dropped_and_counted() -> None:
    stage = machine(reference())
    stage.handle(records(0, 1, 2), 0)
    stage.handle(records(1, 2, 3, first=1), 0)
    assert stage.counts.events["m"] == 4
    assert sum(stage.counts.dropped.values()) == 2


def test_after_a_seek_the_open_block_is_forgotten() -> None:
    stage = machine(reference())
    stage.handle(records(0, 1, 2), 0)
    stage.seek(0)
    stage.handle(records(0), 0)
    (slot,) = slots(stage.handle(records(0, first=BLOCK), 0))
    assert slot.rows == 1


def test_a_record_that_cannot_be_read_is_set_aside_and_skews_nothing() -> None:
    good = records(*[0] * BLOCK)
    bad = good[3]._replace(value=b"no json")
    stage = machine(reference())
    effects = stage.handle([*good[:3], bad, *good[4:]], 0)
    (letter,) = [effect for effect in effects if isinstance(effect, SendDeadLetter)]
    assert letter.rejected.record is bad
    assert stage.counts.rejected["not_json"] == 1
    (slot,) = slots(effects)
    assert slot.rows == BLOCK - 1


def test_a_model_without_a_reference_is_counted_and_followed() -> None:
    stage = machine()
    (slot,) = slots(stage.handle(records(*[0] * BLOCK), 0))
    assert slot.key.reference_hash == NO_REFERENCE
    assert stage.counts.without_reference["m"] == BLOCK


def test_a_new_reference_begins_slots_of_its_own() -> None:
    known = References(reference())
    stage = Summariser(0, 1, decoder(SETTINGS), summariser_config(SETTINGS, known))
    stage.handle(records(0, 1), 0)
    known.put(reference(hash_="fedcba9876543210", shift=1.0))
    stage.handle(records(2, first=2), 0)
    sent = slots(stage.handle(records(0, first=BLOCK), 0))
    assert {(slot.key.reference_hash, slot.rows) for slot in sent} == {
        ("0123456789abcdef", 2),
        ("fedcba9876543210", 1),
    }


def test_strange_models_beyond_the_limit_are_dropped_and_counted() -> None:
    stage = machine(reference(), max_models=2)
    names = ["a", "b", "c", "m", "a"]
    stage.handle(log([Event(0, model=name) for name in names]), 0)
    assert stage.counts.events == {"a": 2, "b": 1, "m": 1}
    assert stage.counts.dropped["models"] == 1


def test_panes_beyond_the_limit_are_dropped_and_counted() -> None:
    stage = machine(reference(), max_panes=2)
    stage.handle(records(0, SLIDE_MS, 2 * SLIDE_MS, 0), 0)
    (dropped,) = stage.counts.dropped.values()
    assert dropped == 1


def test_a_reader_is_at_rest_when_it_has_been_at_the_end_for_the_idle_timeout() -> None:
    stage = machine(reference())
    timeout = SETTINGS.worker.idle_timeout_ms
    assert not progress(stage.flush(5, caught_up=True))[0].rested
    assert progress(stage.flush(5 + timeout, caught_up=True))[0].rested
    stage.seek(0)
    assert not progress(stage.flush(6 + timeout, caught_up=True))[0].rested
    assert not progress(stage.flush(6 + 3 * timeout, caught_up=False))[0].rested
