"""Labels to the joiners: every one once, with ranges of offsets without holes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.events.batch import Record
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.joining.messages import JoinMessage, LabelPart
from stream_monitor.joining.outbox import target_of
from stream_monitor.pipeline.effects import LabelEffect, SendDeadLetter, SendJoin
from stream_monitor.pipeline.read_labels import LabelReader
from stream_monitor.statistics.hashing import stable_hash64
from tests.pipeline.events import EPOCH_MS


def reader(joins: int = 3) -> LabelReader:
    return LabelReader(4, LabelDecoder(Limits()), lambda model: None, joins, 2**20)


def label(offset: int, id_: str, *, model: str = "m", truth: object = "yes") -> Record:
    body = {"model": model, "prediction_id": id_, "ground_truth": truth, "timestamp": EPOCH_MS}
    return Record("labels", 4, offset, EPOCH_MS, json.dumps(body).encode())


def bad(offset: int) -> Record:
    return Record("labels", 4, offset, EPOCH_MS, b"{")


def sent(effects: Sequence[LabelEffect]) -> list[tuple[int, JoinMessage]]:
    return [(one.partition, one.message) for one in effects if isinstance(one, SendJoin)]


def parts(message: JoinMessage) -> list[LabelPart]:
    return [part for part in message.parts if isinstance(part, LabelPart)]


def test_a_label_goes_where_its_prediction_goes() -> None:
    machine = reader()
    found = sent(machine.handle([label(i, str(i)) for i in range(20)]))
    assert {target for target, _ in found} == {0, 1, 2}
    for target, message in found:
        assert message.source == ("labels", 4)
        assert message.range == (0, 20, True)
        for part in parts(message):
            ids = stable_hash64([str(offset) for offset in part.offsets.tolist()])
            assert np.array_equal(part.ids, ids)
            assert (target_of(part.ids, 3) == target).all()
    assert machine.counts.labels == {"m": 20}
    assert machine.position == 20


def test_what_cannot_be_read_is_a_dead_letter_and_its_offset_is_covered() -> None:
    machine = reader(1)
    effects = machine.handle([bad(7), label(8, "a"), bad(9)])
    assert [one.rejected.record.offset for one in effects if isinstance(one, SendDeadLetter)] == [
        7,
        9,
    ]
    ((_, message),) = sent(effects)
    assert message.range == (7, 10, True)
    assert machine.counts.records == 3
    assert sum(machine.counts.rejected.values()) == 2


def test_records_that_come_again_are_not_told_again() -> None:
    machine = reader(1)
    machine.handle([label(0, "a"), label(1, "b")])
    ((_, message),) = sent(machine.handle([label(1, "b"), label(2, "c")]))
    assert message.range == (2, 3, False)
    assert machine.handle([label(0, "a")]) == []
    assert machine.handle([]) == []


def test_each_model_has_a_part_of_its_own() -> None:
    ((_, message),) = sent(reader(1).handle([label(0, "a"), label(1, "a", model="n")]))
    assert [part.model for part in parts(message)] == ["m", "n"]


def test_after_a_seek_the_next_range_is_fresh_and_begins_where_reading_begins() -> None:
    machine = reader(1)
    machine.handle([label(0, "a"), label(1, "b")])
    machine.seek(1)
    ((_, message),) = sent(machine.handle([label(3, "d")]))
    assert message.range == (1, 4, True)
    machine.seek(None)
    ((_, message),) = sent(machine.handle([label(2, "c")]))
    assert message.range == (2, 3, True)


@settings(deadline=None)
@given(st.lists(st.lists(st.booleans(), max_size=5), max_size=6), st.integers(1, 3))
def test_ranges_of_a_target_follow_one_another(walk: list[list[bool]], joins: int) -> None:
    machine, at = reader(joins), 50
    ends: dict[int, int] = {}
    told: list[int] = []
    for good in walk:
        records = [label(at + i, str(at + i)) if ok else bad(at + i) for i, ok in enumerate(good)]
        at += len(good)
        for target, message in sent(machine.handle(records)):
            assert message.range == (ends.get(target, 50), at, target not in ends)
            ends[target] = at
            told += [offset for part in parts(message) for offset in part.offsets.tolist()]
    good_ones = [ok for good in walk for ok in good]
    assert sorted(told) == [50 + i for i, ok in enumerate(good_ones) if ok]
