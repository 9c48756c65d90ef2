"""The order in which fetched records are handed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.kafka.scheduler import Batch, BatchScheduler


@dataclass(frozen=True)
class Row:
    topic: str
    partition: int
    offset: int


def rows(tp: TP, count: int) -> list[Any]:
    return [Row(tp.topic, tp.partition, offset) for offset in range(count)]


partitions = st.builds(TP, st.sampled_from(["a", "b", "changelog"]), st.integers(0, 3))


@given(counts=st.dictionaries(partitions, st.integers(0, 30), max_size=8), cap=st.integers(1, 40))
@settings(deadline=None)
def test_every_record_comes_once_in_the_order_of_its_partition(
    counts: dict[TP, int], cap: int
) -> None:
    fetched = {tp: rows(tp, count) for tp, count in counts.items()}
    seen: dict[TP, list[Any]] = {tp: [] for tp in counts}
    for tp, item in BatchScheduler({"a", "b"}, cap).iterate(fetched):
        if tp.topic == "changelog":
            seen[tp].append(item)
        else:
            assert isinstance(item, Batch)
            assert item.partition == tp
            assert 1 <= len(item) <= cap
            assert (item.first_offset, item.last_offset) == (
                item.records[0].offset,
                item.records[-1].offset,
            )
            seen[tp].extend(item.records)
    assert seen == fetched


def test_topics_and_partitions_take_turns() -> None:
    a0, a1, b0 = TP("a", 0), TP("a", 1), TP("b", 0)
    fetched = {a0: rows(a0, 4), a1: rows(a1, 2), b0: rows(b0, 2)}
    turns = [tp for tp, _ in BatchScheduler({"a", "b"}, 2).iterate(fetched)]
    assert turns == [a0, b0, a1, a0]


def test_a_topic_that_is_not_batched_comes_record_by_record() -> None:
    tp = TP("changelog", 0)
    fetched = {tp: rows(tp, 3)}
    assert [item for _, item in BatchScheduler({"a"}).iterate(fetched)] == fetched[tp]
