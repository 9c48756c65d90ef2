"""By which names a worker may be asked, so that a page of another site cannot read it."""

import socket
from pathlib import Path

import pytest

from stream_monitor.config.api import ApiSettings
from stream_monitor.web.api.access import Access
from stream_monitor.web.api.hosts import Hosts
from stream_monitor.web.api.problems import ProblemError
from stream_monitor.web.api.routes import ROUTES
from tests.web.api.test_access import READ, bearer, tokens
from tests.web.api.test_hostile import raw
from tests.web.api.worlds import JSON, serving

READING = [route.path for route in ROUTES if route.access is Access.READ]


def may(host: str | None, **settings: object) -> bool:
    try:
        Hosts.of(ApiSettings.model_validate(settings)).check(host)
    except ProblemError:
        return False
    return True


@pytest.mark.parametrize("path", READING)
def test_a_page_whose_name_was_made_to_lead_here_reads_nothing(path: str) -> None:
    with serving() as api:
        got = api.ask(f"{path}?model=m", headers={"Host": f"evil.example:{api.port}"})
        assert got.status == 403
        assert "api.allowed_hosts" in got.document["detail"]
        assert set(got.document) == {"title", "status", "detail"}


def test_a_worker_answers_to_the_names_and_addresses_of_its_own() -> None:
    with serving(host="monitor.internal", advertise="http://worker-1:6066") as api:
        for host in (
            f"127.0.0.1:{api.port}", "[::1]:6066", "10.1.2.3", "[2001:db8::1]:80", "localhost",
            "LocalHost.:6066", socket.gethostname(), "monitor.internal", "Worker-1:6066",
        ):  # fmt: skip
            assert api.ask("/monitor/models", headers={"Host": host}).status == 200, host


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil-localhost", "127.0.0.1.evil.example",
     "worker-1.evil.example", "", "::1", "[::1", "[evil.example]", "localhost:x", "localhost@x",
     "localhost, evil.example"],
)  # fmt: skip
def test_whatever_else_is_in_host_is_refused(host: str) -> None:
    assert not may(host, advertise="http://worker-1:6066")


@pytest.mark.parametrize(
    ("allowed", "host", "is_allowed"),
    [
        ("monitor.example.org", "monitor.example.org:443", True),
        ("Monitor.Example.org", "MONITOR.example.ORG.", True),
        ("monitor.example.org", "a.monitor.example.org", False),
        (".example.org", "a.b.example.org", True),
        (".example.org", "example.org", True),
        (".example.org", "evil-example.org", False),
        (".example.org", "example.org.evil.example", False),
    ],
)
def test_a_name_that_is_allowed_is_a_name_of_its_own(
    allowed: str, host: str, *, is_allowed: bool
) -> None:
    assert may(host, allowed_hosts=[allowed]) is is_allowed


def test_with_a_token_any_name_will_do_as_no_page_has_the_token(tmp_path: Path) -> None:
    with serving(tokens=tokens(tmp_path)) as api:
        for host in ("monitor.example.org", "monitor-api.monitoring.svc.cluster.local:6066"):
            headers = {**bearer(READ), "Host": host}
            assert api.ask("/monitor/models", headers=headers).status == 200


def test_readiness_and_the_pages_themselves_are_there_by_any_name() -> None:
    with serving() as api:
        for route in ROUTES:
            if route.access is Access.OPEN:
                assert api.ask(route.path, headers={"Host": "evil.example"}).status == 200


def test_a_probe_of_http_1_0_that_sends_no_host_is_answered() -> None:
    with serving() as api:
        assert raw(api, b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")


def test_reading_by_another_name_does_not_let_anybody_write() -> None:
    with serving(allowed_hosts=["monitor.example.org"]) as api:
        headers = {**JSON, "Host": "monitor.example.org"}
        assert api.ask("/monitor/models", headers=headers).status == 200
        assert api.post("/monitor/predict", {"model": "m"}, headers).status == 403


@pytest.mark.parametrize(
    "name", ["http://a.example", "a.example:6066", "*.example.org", "a b", "a/b", "-a", "a..b", "."]
)
def test_what_is_no_name_of_a_host_is_refused_with_one_that_is(name: str) -> None:
    with pytest.raises(ValueError, match=r"without scheme and port, such as monitor\.example"):
        ApiSettings(allowed_hosts=(name,))
