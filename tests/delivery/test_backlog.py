"""What waits to be delivered."""

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.delivery.backlog import Backlog
from stream_monitor.delivery.backoff import FIRST_MS, wait_ms

items = st.lists(st.tuples(st.integers(0, 5), st.integers()), max_size=30)


@given(items, st.integers(1, 4), st.integers(0, 5))
def test_the_newest_of_each_key_waits_unless_the_limit_drops_it_and_that_is_counted(
    put: list[tuple[int, int]], limit: int, most: int
) -> None:
    backlog: Backlog[tuple[int, int]] = Backlog(limit, lambda item: item[0])
    replaced = 0
    for item in put:
        replaced += item[0] in {key for key, _ in backlog.all()}
        backlog.put([item])
    newest = dict(put)
    assert all(newest[key] == value for key, value in backlog.all())
    assert len(backlog) <= limit
    assert len(backlog) + backlog.dropped + replaced == len(put)
    first = backlog.first(most)
    assert first == backlog.all()[:most]
    assert backlog.done(first) == len(first)
    assert not set(first) & set(backlog.all())


def test_a_wait_doubles_up_to_the_longest_that_is_asked_for() -> None:
    waits = [wait_ms(failures, 0.999, 4_000) for failures in range(8)]
    assert waits[:2] == [0, int(FIRST_MS * 0.9995)]
    assert waits == sorted(waits)
    assert waits[-1] == int(4_000 * 0.9995)
