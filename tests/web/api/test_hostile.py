"""What somebody sends who wants to do harm, and whoever has it from him."""

import gzip
import json
import logging
import re
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.web.api.access import Tokens
from stream_monitor.web.api.encodings import decoded
from stream_monitor.web.api.http import MAX_HEADER_BYTES, MAX_HEADERS
from stream_monitor.web.api.problems import ProblemError
from stream_monitor.web.api.routes import ROUTES
from tests.web.api.test_access import WRITE
from tests.web.api.test_connections import until
from tests.web.api.worlds import JSON, Api, serving

EVENT = json.dumps({"model": "m", "features": {"x": 1}}).encode()
SECRET = b"Authorization: Bearer " + b"s" * 40


@pytest.fixture(scope="module", name="api")
def _api() -> Iterator[Api]:
    with serving() as api:
        yield api


def raw(api: Api, data: bytes, *, is_all: bool = False) -> bytes:
    """What is answered to bytes until the connection is closed; ``is_all``: no more will come."""
    with socket.create_connection(("127.0.0.1", api.port), 10) as made:
        made.sendall(data)
        if is_all:
            made.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: made.recv(65_536), b""))


def sent(
    *lines: bytes, body: bytes = b"", start: bytes = b"POST /monitor/predict HTTP/1.1"
) -> bytes:
    host = b"Host: localhost"
    return b"\r\n".join((start, host, b"Connection: close", *lines, b"", body))


NONSENSE = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "a control character in a header": sent(SECRET + b"\x01", start=b"GET / HTTP/1.1"),
    "a line of 20 kB": sent(start=b"GET /" + b"a" * 20_000 + b" HTTP/1.1"),
    "too many headers": sent(
        *(b"X-%d: 1" % i for i in range(MAX_HEADERS)), SECRET, start=b"GET / HTTP/1.1"
    ),
    "a header too long": sent(b"X: " + b"s" * (MAX_HEADER_BYTES + 1), start=b"GET / HTTP/1.1"),
    "no host": b"GET / HTTP/1.1\r\n" + SECRET + b"\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two lengths": sent(b"Content-Length: 5", b"Content-Length: 6", body=b"123456"),
    "a length and chunks": sent(
        b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"
    ),
    "a negative length": sent(b"Content-Length: -5", body=b"12345"),
    "two types": sent(b"Content-Type: text/plain", b"Content-Type: application/json"),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_what_is_no_request_is_a_400_that_repeats_and_logs_nothing_of_it(
    api: Api, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = api.shown().requests.get(("", 400), 0)
    with caplog.at_level(logging.DEBUG):
        answer = raw(api, data)
    assert re.match(rb"HTTP/1\.[01] 400 ", answer)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Server: stream-monitor" in head
    assert b"aiohttp" not in answer
    assert b"X-Content-Type-Options: nosniff" in head
    assert json.loads(body)["status"] == 400
    assert b"sss" not in answer
    assert [record for record in caplog.records if record.name != "asyncio"] == []
    until(lambda: api.shown().requests[("", 400)] == before + 1)


def test_a_client_that_asks_before_it_sends_is_told_to_go_on() -> None:
    lines = (b"Content-Type: application/json", b"Content-Length: %d" % len(EVENT))
    with serving() as api, socket.create_connection(("127.0.0.1", api.port), 5) as made:
        made.sendall(sent(*lines, b"Expect: 100-Continue"))
        assert made.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        made.sendall(EVENT)
        assert made.recv(65_536).startswith(b"HTTP/1.1 202")
        other = raw(api, sent(*lines, b"Expect: the-unexpected", body=EVENT))
    head, _, body = other.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 417")
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 417


def test_a_head_as_large_as_it_may_be_is_read(api: Api) -> None:
    long = b"X: " + b"x" * (MAX_HEADER_BYTES - 100)
    many = (b"X-%d: 1" % i for i in range(MAX_HEADERS - 10))
    assert raw(api, sent(long, *many, start=b"GET /ready HTTP/1.1")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "QUERY"])
def test_a_method_that_a_path_does_not_take_is_a_405_on_every_path(api: Api, method: str) -> None:
    for route in ROUTES:
        got = api.ask(route.path, method)
        assert got.status == 405
        assert got.headers["allow"] == ("POST" if route.method == "POST" else "GET,HEAD")
        assert "access-control-allow-origin" not in got.headers


def test_head_is_get_without_a_body() -> None:
    with serving() as api:
        for route in ROUTES:
            if route.method == "GET":
                path = f"{route.path}?model=m" if "report" in route.path else route.path
                get, head = api.ask(path), api.ask(path, "HEAD")
                assert head.status == get.status
                assert head.body == b""
                assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    ["/docs/../metrics", "//metrics", "/metrics/", "/ready/metrics", "/ready%2f..%2fmetrics",
     "/ready;/metrics", "/%2e%2e/metrics", "/.", "/etc/passwd", "/static/../../etc/passwd",
     "/nothing%0d%0aX-Injected:%201"],
)  # fmt: skip
def test_a_path_that_is_none_of_ours_leads_nowhere(api: Api, path: str) -> None:
    got = api.ask(path)
    assert got.status == 404
    assert "x-injected" not in got.headers


def test_another_way_to_write_a_path_takes_its_token_too() -> None:
    with serving(tokens=Tokens(read=b"0" * 32)) as api:
        for path in ("/%6detrics", "/monitor/%6dodels", "http://localhost/ready/../metrics"):
            assert api.ask(path).status in (401, 404), path
        for path in ("/ready#/metrics", "/ready?/metrics", "http://evil.example/ready"):
            assert api.ask(path).document["ready"] is True


@pytest.mark.parametrize(
    "name", ["%0d%0aX-Injected:%201", "%00", "%ff%fe", "%ed%a0%80", "%e2%80%ae", "x" * 256]
)
def test_a_name_that_is_no_model_s_is_a_404_whatever_is_in_it(api: Api, name: str) -> None:
    for path in ("drift", "alerts", "report"):
        got = api.ask(f"/monitor/{path}?model={name}")
        assert got.status == 404
        assert "x-injected" not in got.headers
        assert "\r" not in got.document["detail"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 202),
        ("APPLICATION/JSON", 202),
        ("application/json; charset=utf-8", 202),
        ("text/plain; application/json", 415),
        ("text/json", 415),
        ("application/json, text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        (";;;===", 415),
        ("", 415),
    ],
)
def test_only_a_body_that_says_it_is_json_is_read(api: Api, kind: str, status: int) -> None:
    assert api.post("/monitor/predict", EVENT, {"Content-Type": kind}).status == status


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", gzip.compress(EVENT), 202),
        ("GZIP", gzip.compress(EVENT), 202),
        ("deflate", zlib.compress(EVENT), 202),
        ("identity", EVENT, 202),
        ("gzip", EVENT, 400),
        ("gzip", gzip.compress(EVENT)[:-4], 400),
        ("gzip", gzip.compress(EVENT) + b"more", 400),
        ("gzip", b"", 400),
        ("gzip, gzip", gzip.compress(gzip.compress(EVENT)), 415),
        ("br", EVENT, 415),
        ("nonsense", EVENT, 415),
    ],
)
def test_a_body_is_read_by_its_encoding(api: Api, encoding: str, body: bytes, status: int) -> None:
    headers = {**JSON, "Content-Encoding": encoding}
    assert api.post("/monitor/predict", body, headers).status == status


def test_a_body_that_is_large_once_it_is_decompressed_takes_no_memory() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ProblemError, match="max_body_bytes"):
            decoded(bomb, "gzip", 2**20)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    with serving() as api:
        headers = {**JSON, "Content-Encoding": "gzip"}
        assert api.post("/monitor/predict", bomb, headers).status == 413


def test_nothing_is_decompressed_for_whoever_may_not_write() -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    headers = {**JSON, "Content-Encoding": "gzip", "Connection": "close"}
    with serving(tokens=Tokens(write=WRITE.encode()), max_body_bytes=2**24) as api:
        began = time.process_time()
        gzip.decompress(bomb)
        unpacked_s = time.process_time() - began
        began = time.process_time()
        assert api.post("/monitor/predict", bomb, headers).status == 401
        until(lambda: api.shown().connections == 0)
        assert time.process_time() - began < unpacked_s


def test_a_body_that_says_it_is_too_large_is_not_waited_for(api: Api) -> None:
    head = sent(b"Content-Type: application/json", b"Content-Length: 99999999999")
    with socket.create_connection(("127.0.0.1", api.port), 5) as made:
        made.sendall(head)
        assert made.recv(65_536).startswith(b"HTTP/1.1 413")


def test_a_client_that_goes_away_in_its_body_is_no_error_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    head = sent(b"Content-Type: application/json", b"Content-Length: 100", body=b"{")
    with serving() as api:
        with socket.create_connection(("127.0.0.1", api.port), 5) as made:
            made.sendall(head)
            until(lambda: api.shown().connections == 1)
            time.sleep(0.1)
        until(lambda: api.shown().requests.get(("/monitor/predict", 400)) == 1)
    assert "could not be answered" not in caplog.text


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"GET ", b"POST /monitor/predict HTTP/1.1\r\n"])
)
def test_no_bytes_at_all_are_a_500(api: Api, data: bytes, start: bytes) -> None:
    raw(api, start + data, is_all=True)
    until(lambda: api.shown().connections == 0)
    assert not [status for _, status in api.shown().requests if status >= 500]
