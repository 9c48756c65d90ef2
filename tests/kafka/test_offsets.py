"""The books of one partition."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.kafka.offsets import PartitionOffsets, commit_blocks, commit_processed

# Last offsets of deliveries, with holes, and an order in which they are acknowledged.
deliveries = st.lists(st.integers(1, 50), min_size=1, max_size=30).flatmap(
    lambda steps: st.tuples(st.just(steps), st.permutations(range(len(steps))))
)


@given(start=st.integers(0, 10_000), case=deliveries)
@settings(deadline=None)
def test_processed_never_passes_an_unacknowledged_delivery(
    start: int, case: tuple[list[int], list[int]]
) -> None:
    steps, order = case
    books = PartitionOffsets(epoch=1, processed=start, committed=None)
    lasts = [start - 1 + sum(steps[: i + 1]) for i in range(len(steps))]
    tokens = [books.deliver(last) for last in lasts]
    acknowledged: set[int] = set()
    for index in order:
        books.acknowledge(tokens[index])
        acknowledged.add(index)
        prefix = 0
        while prefix in acknowledged:
            prefix += 1
        assert books.processed == (lasts[prefix - 1] + 1 if prefix else start)
    assert books.processed == lasts[-1] + 1


@given(start=st.integers(0, 10_000), case=deliveries, data=st.data())
@settings(deadline=None)
def test_what_follows_records_in_the_log_is_read_once_they_are_processed_and_not_before(
    start: int, case: tuple[list[int], list[int]], data: st.DataObject
) -> None:
    steps, order = case
    books = PartitionOffsets(epoch=1, processed=start, committed=None)
    lasts = [start - 1 + sum(steps[: i + 1]) for i in range(len(steps))]
    # Where the client stood after each delivery: behind its last record, before the next one's.
    stood = [
        data.draw(st.integers(last + 1, after))
        for last, after in zip(lasts, [*lasts[1:], lasts[-1] + 9], strict=True)
    ]
    tokens = []
    for last, position in zip(lasts, stood, strict=True):
        tokens.append(books.deliver(last))
        books.reach(position)
    acknowledged: set[int] = set()
    for index in order:
        books.acknowledge(tokens[index])
        acknowledged.add(index)
        prefix = min(set(range(len(lasts) + 1)) - acknowledged)
        assert books.processed == (lasts[prefix - 1] + 1 if prefix else start)
        assert books.read == (stood[prefix - 1] if prefix else start)
    books.reach(stood[-1] + 3)
    assert (books.processed, books.read) == (lasts[-1] + 1, stood[-1] + 3)
    assert books.committable(commit_processed) == lasts[-1] + 1


@given(processed=st.integers(0, 10**9), size=st.integers(1, 10**5), committed=st.integers(0, 10**9))
@settings(deadline=None)
def test_a_block_commit_is_at_a_boundary_and_never_goes_back(
    processed: int, size: int, committed: int
) -> None:
    books = PartitionOffsets(epoch=1, processed=processed, committed=committed)
    offset = books.committable(commit_blocks(size))
    if offset is None:
        assert processed - processed % size <= committed
    else:
        assert offset % size == 0
        assert committed < offset <= processed
        assert processed - offset < size


def test_nothing_new_is_nothing_to_commit() -> None:
    assert PartitionOffsets(1, processed=7, committed=7).committable(commit_processed) is None
    assert PartitionOffsets(1, processed=0, committed=None).committable(commit_processed) is None
    assert PartitionOffsets(1, processed=7, committed=None).committable(commit_processed) == 7


def test_a_policy_that_asks_for_more_than_is_processed_does_not_get_it() -> None:
    assert PartitionOffsets(1, processed=7, committed=3).committable(lambda partition, _: 100) == 7


def test_acknowledging_twice_is_harmless() -> None:
    books = PartitionOffsets(1, processed=0, committed=None)
    token = books.deliver(4)
    books.acknowledge(token)
    books.acknowledge(token)
    assert books.processed == 5


def test_a_block_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one offset"):
        commit_blocks(0)
