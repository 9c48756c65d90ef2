"""Who may read and who may write."""

import logging
from pathlib import Path

import pytest

from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.web.api.access import Access, Tokens
from stream_monitor.web.api.problems import ProblemError
from stream_monitor.web.api.routes import ROUTES, SIMULATE
from tests.web.api.worlds import JSON, serving

READ, WRITE = "r" * 32, "w" * 32
EVENT = {"model": "m", "features": {"x": 1}}


def tokens(home: Path, *, read: str | None = READ, write: str | None = WRITE) -> Tokens:
    def file(name: str, token: str | None) -> str | None:
        if token is None:
            return None
        (home / name).write_text(f"{token}\n")
        return str(home / name)

    return Tokens.of(
        ApiSettings(read_token_file=file("read", read), write_token_file=file("write", write))
    )


def bearer(token: str) -> dict[str, str]:
    return {**JSON, "Authorization": f"Bearer {token}"}


def test_reading_and_writing_take_their_tokens(tmp_path: Path) -> None:
    with serving(tokens=tokens(tmp_path)) as api:
        for path in ("/monitor/models", "/health", "/metrics"):
            assert api.ask(path).status == 401
            assert api.ask(path, headers=bearer(READ)).status == 200
            assert api.ask(path, headers=bearer(WRITE)).status == 200, "who writes may read"
            assert api.ask(path, headers=bearer("x" * 32)).status == 401
        for given, status in ((JSON, 401), (bearer(READ), 401), (bearer(WRITE), 202)):
            assert api.post("/monitor/predict", EVENT, given).status == status
        for path in ("/", "/docs", "/openapi.json", "/ready"):
            assert api.ask(path).status == 200, "the page itself, and whether there is a worker"
        got = api.ask("/monitor/models")
        assert got.headers["www-authenticate"].startswith("Bearer")


def test_every_route_but_pages_and_readiness_takes_a_token(tmp_path: Path) -> None:
    with serving(tokens=tokens(tmp_path)) as api:
        for route in (*ROUTES, SIMULATE):
            path = route.path.replace("{scenario}", "drift")
            status = api.ask(path, route.method).status
            assert status == (200 if route.access is Access.OPEN else 401), route
        assert not api.kafka.sent
        assert not api.scenarios.begun


def test_without_a_write_token_only_this_machine_may_write() -> None:
    with serving() as api:
        assert api.post("/monitor/predict", EVENT).status == 202
        for host in ("localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:80", "[::1]"):
            assert api.post("/monitor/predict", EVENT, {**JSON, "Host": host}).status == 202, host
        for host in ("evil.example", "localhost.evil.example:80", "10.0.0.1", "[::1", "", "::1"):
            assert api.post("/monitor/predict", EVENT, {**JSON, "Host": host}).status == 403, host
        for proxy in ("Forwarded", "X-Forwarded-For", "X-Real-IP"):
            assert api.post("/monitor/predict", EVENT, {**JSON, proxy: "10.0.0.1"}).status == 403
        assert "api.write_token_file" in api.post(
            "/monitor/predict", EVENT, {**JSON, "Host": "x"}
        ).document["detail"]  # fmt: skip


@pytest.mark.parametrize(
    ("peer", "may"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True),
     ("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("", False), (None, False)],
)  # fmt: skip
def test_another_machine_may_not_write_without_a_token(peer: str | None, may: bool) -> None:
    headers = {"Host": "localhost:6066"}
    if may:
        Tokens().check(Access.WRITE, peer, headers)
    else:
        with pytest.raises(ProblemError, match=r"api\.write_token_file"):
            Tokens().check(Access.WRITE, peer, headers)


def test_a_token_is_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    its = tokens(tmp_path)
    assert READ not in repr(its)
    with caplog.at_level(logging.DEBUG), serving(tokens=its) as api:
        got = api.ask("/monitor/models", headers=bearer("secret-that-is-wrong"))
    assert READ not in caplog.text + repr(got)
    assert "secret-that-is-wrong" not in caplog.text + repr(got)


def test_a_short_token_and_a_missing_file_refuse_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least 16") as refused:
        tokens(tmp_path, read="hush-hush")
    assert "hush" not in str(refused.value)
    with pytest.raises(ConfigurationError, match=r"api\.write_token_file: .* cannot be read"):
        Tokens.of(ApiSettings(write_token_file=str(tmp_path / "nothing")))


def test_a_given_header_that_is_no_text_is_a_wrong_token(tmp_path: Path) -> None:
    with serving(tokens=tokens(tmp_path)) as api:
        for given in ("Bearer", "Basic " + READ, "Bearer \xff\xfe", ""):
            assert api.ask("/monitor/models", headers={"Authorization": given}).status == 401
