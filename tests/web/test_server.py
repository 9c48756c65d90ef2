"""The server itself: bounds, errors, start and stop, over real sockets on 127.0.0.1."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus

import pytest

from stream_monitor.errors import ConfigurationError
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.names import HTTP_LIMITS
from stream_monitor.metrics.snapshot import Snapshot
from stream_monitor.web.connections import Bounds, Closed
from stream_monitor.web.counts import ServedCounts
from stream_monitor.web.pages import Request, Response
from stream_monitor.web.server import MonitorServer
from tests.web.asking import ask

#: Nobody is cut off for being slow.
PATIENT = Bounds(connections=4, request_s=60, answer_s=60)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def hello(request: Request) -> Response:
    return Response(HTTPStatus.OK, "text/plain", f"hello {request.target}".encode())


def raw(server: MonitorServer, sent: bytes) -> bytes:
    """Everything that comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as peer:
        peer.sendall(sent)
        got = b""
        while piece := peer.recv(65_536):
            got += piece
        return got


def silent(server: MonitorServer) -> socket.socket:
    """A connection whose peer says nothing."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_port_0_takes_a_free_one_and_tells_which() -> None:
    server = MonitorServer(hello)
    assert server.port == 0
    with server:
        assert server.port > 0
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert ask(server, "/x").body == b"hello /x"
    assert server.port == 0


def test_a_port_in_use_is_a_configuration_error_that_says_what_to_set() -> None:
    with MonitorServer(hello) as first:
        second = MonitorServer(hello, port=first.port)
        with pytest.raises(ConfigurationError, match=r"worker\.port"):
            second.start()
        second.stop()
        assert ask(first, "/").status == 200


def test_a_host_that_is_not_this_machine_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot listen on 192\.0\.2\.1 port 9464"):
        MonitorServer(hello, "192.0.2.1", 9464).start()


def test_after_stop_nobody_listens_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    server = MonitorServer(hello)
    server.start()
    server.start()  # once is enough
    port = server.port
    assert ask(server, "/").status == 200
    server.stop()
    server.stop()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def test_a_server_can_be_started_again() -> None:
    server = MonitorServer(hello)
    for _ in range(2):
        with server:
            assert ask(server, "/").status == 200


def test_stop_does_not_wait_for_a_peer_that_says_nothing() -> None:
    before = set(threading.enumerate())
    server = MonitorServer(hello, bounds=PATIENT)
    server.start()
    with silent(server), silent(server):
        assert ask(server, "/").status == 200  # both are being served by now
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 5
    assert set(threading.enumerate()) <= before


def test_an_error_is_a_500_in_json_and_the_next_request_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(request: Request) -> Response:
        if request.target == "/bug":
            raise RuntimeError("a bug")
        return hello(request)

    with MonitorServer(breaks) as server, caplog.at_level(logging.ERROR):
        got = ask(server, "/bug")
        assert got.status == 500
        assert "log" in json.loads(got.body)["error"]
        assert b"a bug" not in got.body
        assert ask(server, "/fine").status == 200
    assert "'/bug' could not be answered" in caplog.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"])
def test_another_method_is_refused_with_those_there_are(method: str) -> None:
    with MonitorServer(hello) as server:
        got = ask(server, "/", method)
        assert got.status == 405
        assert got.headers["allow"] == "GET, HEAD"
        assert "error" in json.loads(got.body)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),  # TLS, to the wrong port
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"GET / / / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
    ],
    ids=["tls", "version", "words", "long", "headers"],
)
def test_what_is_no_request_is_refused_in_json(sent: bytes, status: bytes) -> None:
    with MonitorServer(hello) as server:
        got = raw(server, sent)
        assert status in got
        assert b'"error"' in got
        assert ask(server, "/").status == 200


def test_a_peer_that_hangs_up_harms_nobody() -> None:
    with MonitorServer(hello) as server:
        for _ in range(20):
            with silent(server) as peer:
                peer.sendall(b"GET / HT")
        assert ask(server, "/").status == 200


def test_who_holds_every_connection_takes_none_from_a_scrape() -> None:
    counts = ServedCounts()
    with MonitorServer(hello, bounds=PATIENT, counts=counts) as server, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(silent(server)).sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        for _ in range(10):
            assert ask(server, "/").status == 200
        assert counts.connections <= PATIENT.connections
        closed = counts.show(Snapshot()).http_closed
        assert closed["evicted"] >= 20 - PATIENT.connections
        assert closed["full"] == 0


def test_one_connection_too_many_is_told_to_come_back_while_all_are_at_work() -> None:
    begun, goes_on = threading.Semaphore(0), threading.Event()

    def waits(request: Request) -> Response:
        if request.target == "/slow":
            begun.release()
            goes_on.wait(10)
        return hello(request)

    counts = ServedCounts()
    bounds = Bounds(connections=2, request_s=60, answer_s=60)
    with MonitorServer(waits, bounds=bounds, counts=counts) as server, ExitStack() as stack:
        busy = [stack.enter_context(silent(server)) for _ in range(2)]
        for peer in busy:
            peer.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
        assert all(begun.acquire(timeout=10) for _ in busy)
        got = ask(server, "/")
        assert (got.status, got.headers["retry-after"]) == (503, "1")
        assert counts.show(Snapshot()).http_closed["full"] == 1
        goes_on.set()
        for peer in busy:
            assert peer.recv(65_536).startswith(b"HTTP/1.0 200"), "what was at work was answered"
        until(lambda: ask(server, "/").status == 200)


def test_a_slow_peer_is_cut_off_in_time_however_busy_it_looks() -> None:
    counts = ServedCounts()
    bounds = Bounds(request_s=0.5, answer_s=60)
    with MonitorServer(hello, bounds=bounds, counts=counts) as server, silent(server) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        slow.settimeout(0.1)
        end = time.monotonic() + 10
        while True:
            assert time.monotonic() < end, "it is still being served"
            try:
                slow.sendall(b"a: b\r\n")
                if slow.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert counts.show(Snapshot()).http_closed["slow"] == 1
        assert ask(server, "/").status == 200


def test_an_answer_that_nobody_reads_is_not_kept() -> None:
    def large(request: Request) -> Response:
        return Response(HTTPStatus.OK, "text/plain", bytes(50_000_000))

    counts = ServedCounts()
    bounds = Bounds(request_s=60, answer_s=0.5)
    with MonitorServer(large, bounds=bounds, counts=counts) as server, silent(server) as deaf:
        deaf.sendall(b"GET / HTTP/1.1\r\n\r\n")
        until(lambda: counts.show(Snapshot()).http_closed["unread"] == 1)
        until(lambda: counts.connections == 0)


def test_every_limit_has_its_series_from_the_start() -> None:
    assert {*HTTP_LIMITS} == {*Closed} - {Closed.HANDSHAKE}, "there is no TLS"
    counts = ServedCounts()
    counts.closed(Closed.SLOW)
    text = Exporter(lambda: counts.show(Snapshot())).expose().body.decode()
    for limit in HTTP_LIMITS:
        name = f'stream_monitor_http_connections_closed_total{{reason="{limit}"}}'
        assert f"{name} {float(limit == Closed.SLOW)}\n" in text


def test_many_scrapes_at_once_are_all_answered() -> None:
    with MonitorServer(hello, bounds=Bounds(connections=32)) as server:
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(ask(server, "/").status))
            for _ in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 24
