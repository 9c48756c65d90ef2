import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.client.ring import Bell, Ring, Tally


@given(
    st.integers(1, 5),
    st.lists(st.integers(1, 4) | st.sampled_from(["put"]), max_size=60),
)
def test_what_is_put_is_taken_dropped_or_here_and_the_oldest_goes_first(
    size: int, steps: list[int | str]
) -> None:
    ring: Ring[int] = Ring(size)
    here: list[int] = []
    put = taken = dropped = 0
    for step in steps:
        if isinstance(step, str):
            ring.put(put)
            here.append(put)
            put += 1
            if len(here) > size:
                here.pop(0)
                dropped += 1
        else:
            assert ring.take(step) == here[:step]
            taken += len(here[:step])
            here = here[step:]
        assert ring.counts() == (put, taken, dropped)
        assert len(ring) == len(here)


def test_many_threads_put_while_one_takes_and_every_row_is_counted() -> None:
    ring: Ring[int] = Ring(50)
    threads, each = 4, 5_000
    done = threading.Event()
    taken: list[int] = []
    seen: list[int] = []

    def put() -> None:
        for row in range(each):
            ring.put(row)

    def take() -> None:
        while not done.is_set() or len(ring):
            taken.extend(ring.take(7))
            seen.append(ring.counts()[2])

    taker = threading.Thread(target=take)
    putters = [threading.Thread(target=put) for _ in range(threads)]
    for thread in [taker, *putters]:
        thread.start()
    for thread in putters:
        thread.join()
    done.set()
    taker.join()
    given_rows, taken_rows, dropped = ring.counts()
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
