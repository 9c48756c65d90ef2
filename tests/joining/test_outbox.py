from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.joining.messages import JoinMessage, LabelPart, PredictionPart, Source
from stream_monitor.joining.outbox import HELD_ROWS, Outbox, target_of
from tests.joining.worlds import L, P, labels, predictions

SOURCE = Source("labels", 0)

steps = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 3), st.booleans(), st.booleans()), max_size=12
)


@settings(deadline=None)
@given(steps, st.integers(1, 4), st.sampled_from([64, 300, 10**6]))
def test_every_row_is_told_once_where_it_belongs_in_ranges_without_holes(
    walk: list[tuple[int, int, bool, bool]], targets: int, max_bytes: int
) -> None:
    outbox = Outbox(SOURCE, targets, max_bytes)
    outbox.start(100)
    at, names, wanted, told = 100, iter(range(10**6)), [], list[tuple[int, JoinMessage]]()
    for rows, offsets, take, everywhere in walk:
        if rows:
            ids = [str(next(names)) for _ in range(rows)]
            where = [at + row * offsets // rows for row in range(rows)]
            part: LabelPart | PredictionPart = labels([L(id_) for id_ in ids], where)
            if rows % 2:
                part = predictions([P(id_) for id_ in ids], where)
            wanted += [*zip(part.ids.tolist(), where, strict=True)]
            outbox.add(part)
        at += offsets
        if take:
            told += outbox.take(at, everywhere=everywhere)
    told += outbox.take(at, everywhere=True)
    ends = [100] * targets
    found = []
    for target, message in told:
        start, end, fresh = message.range
        assert (start, fresh) == (ends[target], ends[target] == 100)
        assert start < end
        ends[target] = end
        distinct = set()
        for part in message.parts:
            assert (target_of(part.ids, targets) == target).all()
            assert (np.diff(part.offsets) >= 0).all()
            assert all(start <= offset < end for offset in part.offsets.tolist())
            distinct |= set(part.offsets.tolist())
            found += [*zip(part.ids.tolist(), part.offsets.tolist(), strict=True)]
        assert len(distinct) <= 1 or sum(map(len, message.parts)) * 64 <= max_bytes
    assert ends == [at] * targets
    assert sorted(found) == sorted(wanted)


def test_partitions_without_rows_are_told_only_if_everywhere_is_wanted() -> None:
    outbox = Outbox(SOURCE, 8, 10**6)
    outbox.start(0)
    outbox.add(labels([L("a")], [0]))
    assert len([*outbox.take(1)]) == 1
    outbox.add(labels([L("a")], [1]))
    assert len([*outbox.take(2, everywhere=True)]) == 8
    assert [*outbox.take(2, everywhere=True)] == []


def test_after_a_seek_everything_begins_anew() -> None:
    outbox = Outbox(SOURCE, 1, 10**6)
    outbox.start(5)
    outbox.start(9)
    outbox.add(labels([L("a")], [5]))
    ((_, message),) = outbox.take(6)
    assert message.range == (5, 6, True)
    outbox.add(labels([L("b")], [6]))
    outbox.seek()
    outbox.start(3)
    ((_, message),) = outbox.take(4, everywhere=True)
    assert (message.range, message.parts) == ((3, 4, True), ())


def test_it_is_full_when_enough_rows_are_held() -> None:
    outbox = Outbox(SOURCE, 2, 10**9)
    outbox.start(0)
    outbox.add(labels([L(str(i)) for i in range(HELD_ROWS - 1)], range(HELD_ROWS - 1)))
    assert not outbox.full
    outbox.add(labels([L("last")], [HELD_ROWS]))
    assert outbox.full
    assert len([*outbox.take(HELD_ROWS + 1)]) == 2
    assert not outbox.full
