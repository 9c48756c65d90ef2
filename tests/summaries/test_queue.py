from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.summaries.queue import MergeQueue

steps = st.one_of(
    st.tuples(st.just("push"), st.integers(1, 3)),
    st.tuples(st.just("evict"), st.integers(0, 12)),
    st.tuples(st.just("look"), st.just(0)),
)


@given(st.lists(steps, max_size=60))
def test_it_always_equals_the_merge_of_what_it_holds_in_order(walk: list[tuple[str, int]]) -> None:
    queue: MergeQueue[str] = MergeQueue("", str.__add__)  # does not commute: order counts
    held: list[tuple[int, str]] = []
    at = 0
    for step, number in walk:
        if step == "push":
            at += number
            queue.push(at, f"<{at}>")
            held.append((at, f"<{at}>"))
        elif step == "evict":
            before = at - 6 + number
            queue.evict(before)
            held = [(when, text) for when, text in held if when >= before]
        else:
            assert queue.total() == "".join(text for _, text in held)
    assert queue.total() == "".join(text for _, text in held)


@given(st.integers(1, 30), st.integers(1, 200))
def test_a_summary_costs_no_more_than_three_merges(window: int, pushed: int) -> None:
    merges = 0

    def merge(one: int, other: int) -> int:
        nonlocal merges
        merges += 1
        return one + other

    queue = MergeQueue(0, merge)
    for at in range(pushed):
        queue.push(at, at)
        queue.evict(at - window + 1)
        assert queue.total() == sum(range(max(0, at - window + 1), at + 1))
    assert merges <= 3 * pushed
