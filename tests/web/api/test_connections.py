"""Connections that are held open, and clients that are served all the same."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.connections import Bounds, Closed, Connections
from tests.web.api.worlds import Api, serving, view

#: A head that never ends.
HALF = b"GET /monitor/models HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


@contextmanager
def held(api: Api, count: int, said: bytes = HALF) -> Iterator[list[socket.socket]]:
    """So many connections that have said something and go on to wait."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", api.port), 5))
            one.sendall(said)
            made.append(one)
        yield made


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def is_closed(connection: socket.socket) -> bool:
    """Whether the other end has closed it; waits for an answer that is still to come."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


def closed(api: Api, why: Closed) -> int:
    return api.shown().closed[why]


def test_who_holds_every_connection_takes_none_from_a_client_that_asks() -> None:
    with serving(bounds=Bounds(connections=8, request_s=60)) as api, held(api, 50):
        until(lambda: closed(api, Closed.EVICTED) >= 42)
        for _ in range(20):
            assert api.ask("/monitor/models").status == 200
        assert api.shown().connections <= 8
        assert closed(api, Closed.FULL) == 0


def test_a_head_that_does_not_end_is_not_waited_for() -> None:
    with serving(bounds=Bounds(request_s=0.4)) as api, held(api, 3) as slow:
        for _ in range(4):  # a byte now and then is no request
            for one in slow:
                one.sendall(b"x")
            time.sleep(0.05)
        assert all(map(is_closed, slow))
        until(lambda: closed(api, Closed.SLOW) == 3)
        assert api.ask("/monitor/models").status == 200


@pytest.mark.parametrize("said", [b"", b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_a_connection_that_says_nothing_more_is_closed(said: bytes) -> None:
    with serving(bounds=Bounds(request_s=0.4)) as api, held(api, 2, said) as idle:
        assert all(map(is_closed, idle))
        until(lambda: closed(api, Closed.SLOW) == 2)
        until(lambda: api.shown().connections == 0)


def test_an_answer_that_nobody_reads_is_not_kept() -> None:
    ask = b"GET /monitor/drift?model=m&limit=200 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    bounds = Bounds(request_s=0.2, answer_s=0.6)
    with serving(view("m"), bounds=bounds) as api, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", api.port))
        size = len(api.ask("/monitor/drift?model=m&limit=200").body)
        deaf.sendall(ask * max(32, 20_000_000 // size))
        until(lambda: closed(api, Closed.UNREAD) == 1)
        until(lambda: api.shown().connections == 0)
        assert api.ask("/ready").status == 200


def test_a_connection_at_work_is_not_closed_for_another() -> None:
    post = (
        b"POST /monitor/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )
    post += b"Content-Length: 100\r\n\r\n"
    with serving(bounds=Bounds(connections=8, request_s=0.2)) as api, held(api, 8, post) as busy:
        until(lambda: api.shown().connections == 8)
        time.sleep(0.6)  # longer than a head may take; the bodies have ten seconds
        with socket.create_connection(("127.0.0.1", api.port), 5) as another:
            another.sendall(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = another.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"Retry-After: 1" in answer
        assert closed(api, Closed.FULL) == 1
        event = b'{"model": "m", "features": {"x": 1}}'
        busy[0].sendall(event.ljust(100))
        assert busy[0].recv(65_536).startswith(b"HTTP/1.1 202")


def test_stopping_does_not_wait_for_whoever_waits() -> None:
    with serving() as api, held(api, 5) as slow:
        until(lambda: api.shown().connections == 5)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert all(one.fileno() == -1 for one in slow)


@dataclass(eq=False)
class Peer:
    """A connection that tells whether it was ended."""

    left: int = 0
    is_ended: bool = False

    def unsent(self) -> int:
        return self.left

    def abort(self) -> None:
        self.is_ended = True


@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from(["come", "go", "ask", "answer"]), st.integers(0, 20))),
)
def test_never_more_than_the_bound_and_never_one_that_is_at_work(
    most: int, steps: list[tuple[str, int]]
) -> None:
    counts = ApiCounts()
    made = Connections(Bounds(connections=most), counts, lambda: 0.0)
    open_: list[Peer] = []
    busy: dict[Peer, ExitStack] = {}
    for what, which in steps:
        waiting = [peer for peer in open_ if peer not in busy]
        chosen = waiting[which % len(waiting)] if waiting else None
        if what == "come":
            assert made.make_room() is (len(open_) < most or chosen is not None)
            if waiting and len(open_) == most:
                assert sum(peer.is_ended for peer in open_) == 1
            open_ = [peer for peer in open_ if not peer.is_ended]
            if len(open_) < most:
                open_.append(Peer())
                made.came(open_[-1])
        elif what == "go" and chosen is not None:
            open_.remove(chosen)
            made.went(chosen)
        elif what == "ask" and chosen is not None:
            busy[chosen] = ExitStack()
            busy[chosen].enter_context(made.answering(chosen))
        elif what == "answer" and busy:
            busy.pop(next(iter(busy))).close()
        assert not any(peer.is_ended for peer in busy)
        assert counts.connections == len(open_) <= most


def test_the_one_that_has_waited_longest_makes_room() -> None:
    made = Connections(Bounds(connections=2), ApiCounts(), lambda: 0.0)
    first, second, third = Peer(), Peer(), Peer()
    made.came(first)
    made.came(second)
    with made.answering(first):
        pass  # it has asked since, so the second has waited longer
    assert made.make_room()
    assert (first.is_ended, second.is_ended) == (False, True)
    made.came(third)
    assert made.make_room()
    assert (first.is_ended, third.is_ended) == (True, False)


def test_one_that_is_closed_while_it_is_answered_does_not_stay() -> None:
    counts = ApiCounts()
    made = Connections(Bounds(), counts, lambda: 0.0)
    peer = Peer()
    made.came(peer)
    with made.answering(peer):
        made.went(peer)
    assert counts.connections == 0


def test_an_answer_on_its_way_has_more_time_than_a_request() -> None:
    now_s = 0.0
    made = Connections(Bounds(request_s=10, answer_s=60), ApiCounts(), lambda: now_s)
    reads, waits = Peer(left=1), Peer()
    made.came(reads)
    made.came(waits)
    now_s = 11.0
    made.look()
    assert (reads.is_ended, waits.is_ended) == (False, True)
    now_s = 61.0
    made.look()
    assert reads.is_ended
