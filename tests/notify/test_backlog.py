"""What waits for an Alertmanager, and how long it is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.delivery.backoff import FIRST_MS, LONGEST_MS, wait_ms
from stream_monitor.notify.backlog import Backlog
from stream_monitor.notify.desk import Post
from stream_monitor.notify.payload import Links, alert_of
from tests.notify.worlds import document


def post(id_: str, ends_ms: int = 100, *, fires: bool = True) -> Post:
    return Post(alert_of(document(alert_id=id_), Links()), ends_ms, fires)


def ids(posts: tuple[Post, ...]) -> list[str]:
    return [each.alert.episode for each in posts]


def test_the_newest_of_an_alert_is_kept_in_the_place_of_the_first() -> None:
    backlog = Backlog(10)
    backlog.put([post("a"), post("b"), post("a", 200)])
    assert ids(backlog.next(5, 0)) == ["a", "b"]
    assert [each.ends_ms for each in backlog.next(5, 0)] == [200, 100]
    assert backlog.dropped == 0


def test_beyond_the_limit_the_oldest_is_dropped_and_counted() -> None:
    backlog = Backlog(2)
    backlog.put([post("a"), post("b"), post("c")])
    assert ids(backlog.next(5, 0)) == ["b", "c"]
    assert backlog.dropped == 1


def test_what_is_delivered_is_gone_unless_there_is_something_newer() -> None:
    backlog = Backlog(10)
    backlog.put([post("a"), post("b")])
    sent = backlog.next(5, 0)
    newer = post("b", 300)
    backlog.put([newer])
    assert backlog.done(sent) == 1
    assert backlog.next(5, 0) == (newer,)


def test_an_alert_that_was_open_until_now_is_not_said_for_that_would_end_it() -> None:
    backlog = Backlog(10)
    backlog.put([post("a", 100), post("b", 100, fires=False), post("c", 200)])
    assert ids(backlog.next(5, 150)) == ["b", "c"]
    assert backlog.dropped == 1


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=60))
def test_it_never_holds_more_than_its_limit_and_loses_nothing_unseen(
    steps: list[tuple[str, bool]],
) -> None:
    backlog, put, delivered, replaced = Backlog(3), 0, 0, 0
    for id_, deliver in steps:
        waiting = ids(backlog.next(9, 0))
        replaced += id_ in waiting
        backlog.put([post(id_)])
        put += 1
        if deliver:
            delivered += backlog.done(backlog.next(1, 0))
        assert len(backlog) <= 3
    assert put == delivered + replaced + backlog.dropped + len(backlog)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waiting_doubles_up_to_a_minute_and_is_never_short(failures: int, draw: float) -> None:
    waited = wait_ms(failures, draw)
    assert FIRST_MS / 2 <= waited <= LONGEST_MS
    assert waited <= FIRST_MS * 2 ** min(failures - 1, 20)
    assert wait_ms(failures + 1, draw) >= waited
    assert wait_ms(0, draw) == 0
