"""What may be committed has been sent."""

from stream_monitor.pipeline.effects import SendSlot
from stream_monitor.pipeline.engine import decoder, summariser_config
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References
from tests.pipeline.events import SETTINGS, Event, log, reference

BLOCK = SETTINGS.kafka.block_size


def reader() -> Summariser:
    machine = Summariser(
        0, 1, decoder(SETTINGS), summariser_config(SETTINGS, References(reference()))
    )
    machine.seek(0)
    return machine


def test_the_last_record_of_a_block_sends_its_slots_without_waiting_for_the_next_block() -> None:
    machine = reader()
    records = log([Event(at_ms) for at_ms in range(BLOCK)])
    assert machine.handle(records[:-1], 0) == []
    effects = machine.handle(records[-1:], 0)
    assert [(e.slot.last, e.slot.rows) for e in effects if isinstance(e, SendSlot)] == [
        (BLOCK - 1, BLOCK)
    ]
    assert machine.block_start == machine.position == BLOCK


def test_records_that_end_with_a_later_block_send_the_slots_of_all_of_them() -> None:
    machine = reader()
    effects = machine.handle(log([Event(at_ms) for at_ms in range(3 * BLOCK)]), 0)
    slots = [e.slot for e in effects if isinstance(e, SendSlot)]
    assert [(slot.key.block, slot.rows) for slot in slots] == [(0, BLOCK), (1, BLOCK), (2, BLOCK)]
    assert machine.block_start == 3 * BLOCK
