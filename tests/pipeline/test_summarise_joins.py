"""What stage 1 tells the joiners, and when."""

from __future__ import annotations

from collections.abc import Sequence

from stream_monitor.joining.messages import JoinMessage
from stream_monitor.pipeline.effects import SendJoin, SendSlot, SummariseEffect
from stream_monitor.pipeline.engine import decoder, summariser_config
from stream_monitor.pipeline.summarise import Summariser
from stream_monitor.reference.registry import References
from tests.pipeline.events import SETTINGS, Event, log, reference

BLOCK = SETTINGS.kafka.block_size


def machine(joins: int = 3) -> Summariser:
    config = summariser_config(SETTINGS, References(reference()), joins)
    return Summariser(0, 1, decoder(SETTINGS), config)


def told(effects: Sequence[SummariseEffect]) -> list[tuple[int, JoinMessage]]:
    return [(one.partition, one.message) for one in effects if isinstance(one, SendJoin)]


def events(n: int) -> list[Event]:
    return [Event(i, id=str(i)) for i in range(n)]


def test_predictions_without_an_id_are_counted_and_not_told() -> None:
    stage = machine(1)
    stage.handle(log([Event(0, id="a"), Event(0), Event(0, id="")]), 0)
    ((_, message),) = told(stage.flush(0, caught_up=True))
    assert sum(map(len, message.parts)) == 1
    assert message.range == (0, 3, True)
    assert stage.counts.without_id["m"] == 2


def test_what_is_held_is_told_with_a_flush_once() -> None:
    stage = machine(1)
    assert told(stage.handle(log(events(3)), 0)) == []
    ((_, message),) = told(stage.flush(0, caught_up=False))
    assert message.range == (0, 3, True)
    assert told(stage.flush(0, caught_up=False)) == []


def test_every_partition_is_told_before_a_block_may_be_committed() -> None:
    stage = machine(3)
    effects = stage.handle(log([Event(0, id="a")] * BLOCK), 0)
    assert sorted(target for target, _ in told(effects)) == [0, 1, 2]
    assert {message.range for _, message in told(effects)} == {(0, BLOCK, True)}
    kinds = [type(effect) for effect in effects]
    assert kinds == [SendSlot, SendJoin, SendJoin, SendJoin]
    assert stage.block_start == BLOCK


def test_ranges_follow_one_another_over_blocks_and_holes_in_the_offsets() -> None:
    stage, ends = machine(2), [0, 0]
    effects = stage.handle(log(events(3)), 0)
    effects += stage.handle(log(events(5), first=3 * BLOCK + 2), 0)
    effects += stage.flush(0, caught_up=False)
    effects += stage.handle(log(events(2 * BLOCK), first=3 * BLOCK + 7), 0)
    for target, message in told(effects):
        assert message.range[:2] == (ends[target], message.range.end)
        ends[target] = message.range.end
    assert ends == [5 * BLOCK, 5 * BLOCK]


def test_after_a_seek_the_first_range_is_fresh() -> None:
    stage = machine(1)
    stage.handle(log(events(3)), 0)
    stage.seek(0)
    stage.handle(log(events(4)), 0)
    ((_, message),) = told(stage.flush(0, caught_up=False))
    assert message.range == (0, 4, True)
    assert sum(map(len, message.parts)) == 4


def test_without_joiners_nothing_is_told() -> None:
    stage = machine(0)
    stage.handle(log(events(BLOCK)), 0)
    assert told(stage.flush(0, caught_up=False)) == []
    assert stage.counts.without_id == {}
