import signal
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.client.ring import Bell, Bounds, Full, Ring, Tally, Watch

Row = TypeVar("Row")


def asked(ring: Ring[Row], row: Row) -> bool:
    """Add a row as ``log`` does; whether the queue then asks to be looked at."""
    ring.append(row)
    return len(ring.new) >= ring.calm and ring.asks()


def noting(weighed: list[int]) -> Callable[[int], int]:
    """A row weighs what it is, and it is noted when that is asked."""

    def weigh(row: int) -> int:
        weighed.append(row)
        return row

    return weigh


@given(
    st.integers(1, 5),
    st.lists(st.integers(1, 4) | st.sampled_from(["put"]), max_size=60),
)
def test_what_is_put_is_taken_dropped_or_here_and_the_oldest_goes_first(
    size: int, steps: list[int | str]
) -> None:
    ring: Ring[int] = Ring(Bounds(size, 10**9, size), lambda _: 1)
    here: list[int] = []
    put = taken = dropped = 0
    for step in steps:
        if isinstance(step, str):
            asked(ring, put)
            here.append(put)
            put += 1
            if len(here) > size:
                here.pop(0)
                dropped += 1
        else:
            assert ring.take(step) == here[:step]
            taken += len(here[:step])
            here = here[step:]
        assert ring.counts() == (put, taken, {Full.ROWS: dropped, Full.BYTES: 0})
        assert len(ring) == len(here)


def test_many_threads_put_while_one_takes_and_every_row_is_counted() -> None:
    ring: Ring[int] = Ring(Bounds(50, 10**9, 50), lambda _: 1)
    threads, each = 4, 5_000
    done = threading.Event()
    taken: list[int] = []
    seen: list[int] = []

    def put() -> None:
        for row in range(each):
            asked(ring, row)

    def take() -> None:
        while not done.is_set() or len(ring):
            taken.extend(ring.take(7))
            seen.append(sum(ring.counts()[2].values()))

    taker = threading.Thread(target=take)
    putters = [threading.Thread(target=put) for _ in range(threads)]
    for thread in [taker, *putters]:
        thread.start()
    for thread in putters:
        thread.join()
    done.set()
    taker.join()
    given_rows, taken_rows, full = ring.counts()
    dropped = sum(full.values())
    assert given_rows == threads * each
    assert taken_rows == len(taken)
    assert taken_rows + dropped == given_rows
    assert seen == sorted(seen)


def test_a_tally_is_not_changed_by_reading_it() -> None:
    tally = Tally()
    assert [tally.value(), tally.value()] == [0, 0]
    tally.add()
    tally.add()
    assert [tally.value(), tally.value()] == [2, 2]


def test_a_bell_rung_twice_wakes_once_and_one_that_is_not_rung_lets_time_pass() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(0)
    started = time.monotonic()
    assert not bell.wait(0.05)
    assert time.monotonic() - started >= 0.04


def test_taking_all_there_is_counts_it_and_weighs_nothing() -> None:
    weighed: list[int] = []
    ring: Ring[int] = Ring(Bounds(9, 100, 9), noting(weighed))
    for row in (3, 4):
        asked(ring, row)
    ring.sort()
    asked(ring, 5)
    before = len(weighed)
    assert ring.clear() == 3
    assert len(weighed) == before
    assert ring.counts() == (3, 3, {Full.ROWS: 0, Full.BYTES: 0})
    assert ring.sort() == len(ring) == 0


def test_bytes_are_bounded_as_rows_are_and_the_oldest_goes_first() -> None:
    ring: Ring[int] = Ring(Bounds(100, 1_000, 100), lambda row: row)
    for row in (400, 300, 200, 150):
        asked(ring, row)
    assert ring.sort() == 650
    assert ring.counts() == (4, 0, {Full.ROWS: 0, Full.BYTES: 1})
    assert ring.take(1) == [300]
    assert ring.sort() == 350
    asked(ring, 1_001)  # what has no room in an empty queue pushes nobody out
    assert ring.take(9) == [200, 150]
    assert ring.counts() == (5, 3, {Full.ROWS: 0, Full.BYTES: 2})


def test_heavy_rows_are_bounded_while_nobody_takes_any() -> None:
    weighed: list[int] = []
    size = 1_000_000
    ring: Ring[int] = Ring(Bounds(10**6, size, 10**6), noting(weighed))
    given = 0
    for weight in (200_000, 90_000, 5_000):
        for _ in range(600):
            asked(ring, weight)
            given += 1
            unsorted = given - len(weighed)
            assert unsorted * weight <= size // 4 or unsorted <= 1
    light = given
    for _ in range(10_000):
        asked(ring, 1)
        given += 1
        assert given - len(weighed) <= Ring.UNSORTED
    assert len(weighed) > light
    assert ring.sort() <= size


def test_looking_at_an_empty_queue_lets_no_more_heavy_rows_wait_to_be_weighed() -> None:
    weighed: list[int] = []
    ring: Ring[int] = Ring(Bounds(10**6, 1_000, 10**6), noting(weighed))
    ring.watch(Watch.OFTEN)
    asked(ring, 100)
    ring.take(1)
    for _ in range(20):
        ring.sort()
    for put in range(2, 20):
        asked(ring, 100)
        assert put - len(weighed) <= 2


class Interruption(BaseException):
    """What a handler of a signal raises in the middle of anything, as of Ctrl-C or a timeout."""


def test_an_interruption_loses_no_row_and_leaves_no_queue_locked() -> None:
    within = False

    def interrupt(number: int, frame: object) -> None:
        if within:
            raise Interruption

    before = signal.signal(signal.SIGALRM, interrupt)
    interrupted = 0
    try:
        for trial in range(2_000):
            ring: Ring[int] = Ring(Bounds(40, 10**9, 40), lambda _: 1)
            put = 0
            try:
                within = True
                signal.setitimer(signal.ITIMER_REAL, 1e-5 + trial % 50 * 2e-6)
                while put < 400:
                    put += 1
                    asked(ring, put)
            except Interruption:
                interrupted += 1
            within = False
            given, taken, dropped = counts_of(ring)
            here = ring.take(99)
            assert (given, taken, len(here)) in ((n, 0, min(n, 40)) for n in (put - 1, put))
            assert dropped == {Full.ROWS: given - len(here), Full.BYTES: 0}
            assert here == [*range(given - len(here) + 1, given + 1)]
            assert ring.sort() == 0
    finally:
        within = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 1_000


def counts_of(ring: Ring[int]) -> tuple[int, int, dict[Full, int]]:
    """The counts, unless the queue was left locked: then an error and no test without an end."""
    found: list[tuple[int, int, dict[Full, int]]] = []
    asking = threading.Thread(target=lambda: found.append(ring.counts()), daemon=True)
    asking.start()
    asking.join(5)
    assert found, "the queue is locked for ever"
    return found[0]


def test_a_row_that_cannot_be_weighed_is_kept() -> None:
    def weight(row: str | None) -> int:
        if row is None:
            raise TypeError
        return len(row)

    ring: Ring[str | None] = Ring(Bounds(10, 10, 10), weight)
    asked(ring, "abc")
    asked(ring, None)
    assert ring.sort() == 3
    assert ring.take(5) == ["abc", None]


def rested(bounds: Bounds, watch: Watch) -> Ring[int]:
    """An empty queue after many light rows, so that as many as may be wait to be weighed."""
    ring: Ring[int] = Ring(bounds, lambda _: 1)
    for row in range(12):
        asked(ring, row)
        ring.take(1)
    ring.watch(watch)
    return ring


def test_a_queue_that_nobody_looks_at_is_never_calm() -> None:
    ring = rested(Bounds(10, 10**6, 3), Watch.NEVER)
    assert ring.calm == 1
    assert [asked(ring, row) for row in range(4)] == [True] * 4
    ring.watch(Watch.OFTEN)
    assert ring.calm > 1
    ring.watch(Watch.NEVER)
    assert ring.calm == 1


def test_a_queue_that_is_looked_at_seldom_asks_when_there_is_enough() -> None:
    ring = rested(Bounds(10, 10**6, 3), Watch.SELDOM)
    assert [asked(ring, row) for row in range(4)] == [False, False, True, True]


def test_a_queue_that_is_looked_at_often_asks_before_it_is_full_and_not_after() -> None:
    ring = rested(Bounds(10, 10**6, 3), Watch.OFTEN)
    assert [asked(ring, row) for row in range(6)] == [False] * 4 + [True] * 2
    ring.sort()
    assert [asked(ring, row) for row in range(2)] == [False, True]
    for row in range(10):
        asked(ring, row)
    ring.sort()
    assert [asked(ring, row) for row in range(Ring.UNSORTED // 2)].index(True) > 200


@pytest.mark.parametrize("how", [Watch.SELDOM, Watch.OFTEN])
def test_a_queue_asks_when_much_is_not_weighed(how: Watch) -> None:
    ring: Ring[int] = Ring(Bounds(10**6, 10**9, 10**6), lambda _: 1)
    ring.watch(how)
    times = 0
    for row in range(10_000):
        if asked(ring, row):
            times += 1
            ring.sort()  # as the one who takes does when it wakes
    assert 10_000 // Ring.UNSORTED <= times <= 10_000 // (Ring.UNSORTED // 4)
