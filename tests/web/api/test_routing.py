"""Questions about one model: who is asked, and who answers where the owner does not."""

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from stream_monitor.config.api import ApiSettings
from stream_monitor.testing.listeners import make_certificates
from stream_monitor.views.local import LocalView
from stream_monitor.views.owner import Owner
from stream_monitor.views.published import PublishedView
from stream_monitor.views.shared import Patient, SharedView
from stream_monitor.web.api import peers
from stream_monitor.web.api.address import peer_tls
from stream_monitor.web.api.peers import Peers
from tests.web.api.test_access import READ, tokens
from tests.web.api.worlds import Api, Gone, Got, serving, view

OF_ONE = [f"/monitor/{what}?model=m" for what in ("drift", "performance", "quality", "alerts")]
OF_ONE += ["/monitor/report?model=m", "/monitor/report?model=m&format=json"]


def followed(of: LocalView, age_ms: int | None = 2_300) -> PublishedView:
    return PublishedView(of, lambda: age_ms)


def owned_by(owner: Api, *askers: Api) -> None:
    """``m`` is the owner's, and everybody knows."""
    owner.ownership.me = "the owner"
    for api in (owner, *askers):
        api.ownership.owners["m"] = Owner("the owner", owner.url)


def told(got: Got) -> tuple[int, str | None, str | None, str | None]:
    asked = got.headers.get
    return got.status, asked("monitor-source"), asked("monitor-worker"), asked("age")


@pytest.mark.parametrize("path", OF_ONE)
def test_the_owner_answers_for_its_model_whoever_is_asked(path: str) -> None:
    with serving(view("m")) as owner, serving(followed(view())) as other:
        owned_by(owner, other)
        here, there = owner.ask(path), other.ask(path)
        assert told(here) == told(there) == (200, "owner", "the owner", "0")
        assert here.body == there.body
        for name in ("content-type", "content-security-policy", "cache-control"):
            assert here.headers[name] == there.headers[name]
        assert other.peers.counts["answered"] == 1
        assert other.ask(path, "HEAD").body == b""
        assert owner.peers.counts["answered"] == 0


def test_questions_about_all_models_are_answered_from_the_topics_with_their_age() -> None:
    with serving(view("m")) as owner, serving(followed(view("m"))) as other:
        owned_by(owner, other)
        for path in ("/monitor/models", "/monitor/drift", "/monitor/alerts"):
            assert told(other.ask(path)) == (200, "topics", "me", "2")
        assert sum(other.peers.counts.values()) == 0


def test_a_dead_owner_is_answered_for_from_the_topics_and_left_alone_for_a_while() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        with serving(followed(view("m"))) as api:
            gone = Owner("gone", f"http://127.0.0.1:{bound.getsockname()[1]}")
            api.ownership.owners["m"] = gone
            for _ in range(3):
                got = api.ask("/monitor/drift?model=m")
                assert told(got) == (200, "topics", "me", "2")
                assert got.document["windows"]
            assert api.peers.counts["unreachable"] == 3


def test_a_model_that_nobody_owns_at_the_moment_is_answered_for_from_the_topics() -> None:
    with serving(followed(view("m"))) as api:
        assert told(api.ask("/monitor/drift?model=m")) == (200, "topics", "me", "2")
        assert sum(api.peers.counts.values()) == 0


def test_a_worker_that_is_not_the_one_that_was_meant_refuses_and_asks_nobody() -> None:
    with serving(view("m")) as other, serving(followed(view("m"))) as api:
        # A new worker at the address of one that is gone, which the group has not noticed.
        api.ownership.owners["m"] = Owner("the one before", other.url)
        other.ownership.owners["m"] = Owner("me too", other.url)
        assert told(api.ask("/monitor/drift?model=m")) == (200, "topics", "me", "2")
        assert api.peers.counts["refused"] == 1
        assert sum(other.peers.counts.values()) == 0
        refused = other.ask("/monitor/drift?model=m", headers={peers.ASKED: "me"})
        assert refused.status == 421
        assert "does not own" in refused.document["detail"]


def test_two_workers_that_each_think_the_other_owns_a_model_do_not_ask_in_circles() -> None:
    with serving(followed(view("m"))) as one, serving(followed(view("m"))) as two:
        one.ownership.me, two.ownership.me = "one", "two"
        one.ownership.owners["m"] = Owner("two", two.url)
        two.ownership.owners["m"] = Owner("one", one.url)
        assert told(one.ask("/monitor/drift?model=m")) == (200, "topics", "one", "2")
        assert (one.peers.counts["refused"], sum(two.peers.counts.values())) == (1, 0)


def test_an_owner_that_is_still_reading_is_answered_for_from_the_topics() -> None:
    with serving(followed(view(), None)) as owner, serving(followed(view("m"))) as other:
        owned_by(owner, other)
        assert owner.ask("/monitor/drift?model=m").status == 503
        assert told(other.ask("/monitor/drift?model=m")) == (200, "topics", "me", "2")


def test_an_unknown_model_or_column_and_a_wrong_query_are_told_by_the_worker_that_is_asked() -> (
    None
):
    with serving(view("m")) as owner, serving(followed(view("m"))) as other:
        owned_by(owner, other)
        unknown = other.ask("/monitor/drift?model=m&column=feature:y")
        assert (unknown.status, unknown.document["nearest"][0]) == (404, "feature:x")
        assert other.ask("/monitor/drift?model=m&limit=0").document["errors"][0]["path"] == (
            "query.limit"
        )
        assert other.ask("/monitor/drift?model=").status == 422


def test_the_token_of_the_asker_goes_to_the_owner_and_nobody_else_can_ask(tmp_path: Path) -> None:
    its = tokens(tmp_path)
    with serving(view("m"), tokens=its) as owner, serving(followed(view()), tokens=its) as other:
        owned_by(owner, other)
        assert other.ask("/monitor/drift?model=m").status == 401
        assert sum(other.peers.counts.values()) == 0
        bearer = {"Authorization": f"Bearer {READ}"}
        got = other.ask("/monitor/drift?model=m", headers=bearer)
        assert told(got) == (200, "owner", "the owner", "0")


def test_with_a_shared_view_the_owner_is_asked_only_while_that_does_not_answer() -> None:
    with serving(view("m")) as owner:
        with serving(view("m"), shared=True) as other:  # stands for a Redis that answers
            owned_by(owner, other)
            assert other.ask("/monitor/drift?model=m").headers["monitor-worker"] == "me"
            assert sum(other.peers.counts.values()) == 0
        with serving(Gone(), shared=True) as other:
            owned_by(owner, other)
            assert told(other.ask("/monitor/drift?model=m")) == (200, "owner", "the owner", "0")
            assert other.ask("/monitor/models").status == 503
            other.ownership.owners.clear()
            assert other.ask("/monitor/drift?model=m").status == 503


@dataclass
class Elsewhere:
    """Something else at a worker's address, that notes what it is asked for."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def elsewhere(status: int, body: bytes, certificate: Path | None = None) -> Iterator[Elsewhere]:
    made = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # whoever asked may have had enough
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http{'s' * bool(certificate)}://127.0.0.1:{server.server_port}"
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join(10)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [(302, b"", "refused"), (500, b"", "refused"), (200, b"x" * 5_000, "too_large")],
)
def test_an_answer_that_is_none_is_not_passed_on(
    status: int, body: bytes, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "MAX_BYTES", 4_999)
    with elsewhere(status, body) as other, serving(followed(view("m"))) as api:
        api.ownership.owners["m"] = Owner("other", other.url)
        assert told(api.ask("/monitor/drift?model=m")) == (200, "topics", "me", "2")
        assert api.peers.counts[outcome] == 1
        assert other.asked == ["/monitor/drift?model=m"], "and no redirect is followed"


def test_a_query_reaches_the_owner_as_it_was_quoted() -> None:
    name = "a b/&=%20#é"
    path = f"/monitor/drift?model={quote(name, safe='')}&since=2026-01-01T00%3A00%3A00%2B01%3A00"
    with elsewhere(200, b"{}") as other, serving(followed(view())) as api:
        api.ownership.owners[name] = Owner("other", other.url)
        assert told(api.ask(path)) == (200, "owner", "other", "0")
        assert other.asked == [path]


def test_an_owner_that_does_not_answer_costs_a_moment_and_more_questions_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers, "AT_ONCE", 1)
    monkeypatch.setattr(peers, "TIMEOUT_S", 1.0)
    with socket.socket() as silent, serving(followed(view("m"))) as api:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        api.ownership.owners["m"] = Owner("silent", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(api.ask, "/monitor/drift?model=m") for _ in range(3)]
            for each in asked:
                assert told(each.result(10)) == (200, "topics", "me", "2")
        assert (api.peers.counts["busy"], api.peers.counts["unreachable"]) == (2, 1)


def test_of_all_models_a_worker_without_its_redis_tells_its_own_and_says_so() -> None:
    with serving(SharedView(Patient(Gone(), lambda: 0), view("m")), shared=True) as api:
        assert told(api.ask("/monitor/models")) == (200, "worker", "me", "0")
        api.ownership.owners["m"] = Owner("me", api.url)
        assert told(api.ask("/monitor/drift?model=m")) == (200, "owner", "me", "0")


def test_an_owner_that_announces_https_is_asked_if_its_certificate_is_of_our_authority(
    tmp_path: Path,
) -> None:
    files = make_certificates(tmp_path)
    trusting = Peers(peer_tls(ApiSettings(peer_ca_file=str(files.ca))))
    strict = Peers(peer_tls(ApiSettings()))
    with elsewhere(200, b"{}", files.broker) as other:
        for its, source in ((trusting, "owner"), (strict, "topics")):
            with serving(followed(view("m")), peers=its) as api:
                api.ownership.owners["m"] = Owner("other", other.url)
                assert told(api.ask("/monitor/drift?model=m"))[:2] == (200, source)
    assert other.asked == ["/monitor/drift?model=m"]
    assert strict.counts["unreachable"] == 1
