"""The API over TLS, with certificates that were made for the test."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.testing.listeners import Certificates, make_certificates
from stream_monitor.web.api.tls import server_context
from stream_monitor.web.api.watched import LOOK_MS, Watched
from stream_monitor.web.connections import Bounds, Closed
from tests.web.api.test_connections import closed, is_closed, until
from tests.web.api.worlds import Api, serving

READY = b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module", name="files")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(name="api")
def _api(files: Certificates) -> Iterator[Api]:
    bounds = Bounds(handshake_s=0.4)
    with serving(bounds=bounds, cert_file=str(files.broker), key_file=str(files.broker)) as api:
        yield api


def ask(api: Api, context: ssl.SSLContext) -> bytes:
    """The whole answer to whether the worker is ready."""
    with (
        socket.create_connection(("127.0.0.1", api.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(READY)
        return b"".join(iter(lambda: secure.recv(65_536), b""))


def is_refused(api: Api, context: ssl.SSLContext) -> bool:
    """Whether there is no answer; with TLS 1.3 a client learns it in place of one."""
    try:
        return ask(api, context) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_a_client_that_knows_the_authority_is_answered(api: Api, files: Certificates) -> None:
    trusting = ssl.create_default_context(cafile=files.ca)
    assert ask(api, trusting).startswith(b"HTTP/1.1 200")
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(api, ssl.create_default_context())


def test_there_is_no_answer_in_plain_text_and_none_by_an_old_protocol(
    api: Api, files: Certificates
) -> None:
    with socket.create_connection(("127.0.0.1", api.port), 5) as plain:
        plain.sendall(READY)
        said = plain.recv(65_536)
        assert not said.startswith(b"HTTP")
        assert is_closed(plain)
    until(lambda: closed(api, Closed.HANDSHAKE) == 1)
    # A client of this machine's OpenSSL does not even offer an old protocol.
    context = server_context(ApiSettings(cert_file=str(files.broker), key_file=str(files.broker)))
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_handshake_that_does_not_end_is_not_waited_for(api: Api, files: Certificates) -> None:
    with socket.create_connection(("127.0.0.1", api.port), 5) as silent:
        until(lambda: api.shown().connections == 1)
        assert ask(api, ssl.create_default_context(cafile=files.ca)).startswith(b"HTTP/1.1 200")
        assert is_closed(silent)
    until(lambda: closed(api, Closed.HANDSHAKE) == 1)
    until(lambda: api.shown().connections == 0)


def test_handshakes_that_do_not_end_take_no_connection_from_others(files: Certificates) -> None:
    own, bounds = str(files.broker), Bounds(connections=8)
    with serving(bounds=bounds, cert_file=own, key_file=own) as api:
        silent = [socket.create_connection(("127.0.0.1", api.port), 5) for _ in range(20)]
        until(lambda: closed(api, Closed.EVICTED) >= 12)
        assert ask(api, ssl.create_default_context(cafile=files.ca)).startswith(b"HTTP/1.1 200")
        assert api.shown().connections <= 8
        for one in silent:
            one.close()


def test_a_client_shows_a_certificate_where_one_is_asked_for(files: Certificates) -> None:
    own = str(files.broker)
    with serving(cert_file=own, key_file=own, client_ca_file=str(files.ca)) as api:
        unknown = ssl.create_default_context(cafile=files.ca)
        assert is_refused(api, unknown)
        known = ssl.create_default_context(cafile=files.ca)
        known.load_cert_chain(files.client, files.client_key)
        assert ask(api, known).startswith(b"HTTP/1.1 200")


def test_a_certificate_that_is_renewed_counts_for_the_next_connection(
    files: Certificates, tmp_path: Path
) -> None:
    file, now_ms = tmp_path / "tls.pem", 0
    shutil.copy(files.broker, file)
    settings = ApiSettings(cert_file=str(file), key_file=str(file))
    said: list[str] = []
    watched = Watched([str(file)], lambda: server_context(settings), lambda: now_ms, said.append)
    first = watched()
    renewed = make_certificates(_folder(tmp_path / "renewed"))
    file.write_text("half of a cert")
    now_ms += LOOK_MS
    assert watched() is first, "what cannot be used changes nothing"
    assert len(said) == 1
    assert "api.cert_file" in said[0]
    shutil.copy(renewed.broker, file)
    now_ms += LOOK_MS
    assert watched() is not first
    assert len(said) == 1


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_bad_file_refuses_to_start_and_says_which(files: Certificates, tmp_path: Path) -> None:
    nothing, text = tmp_path / "nothing", tmp_path / "text"
    text.write_text("no certificate")
    good = str(files.broker)
    for cert, key, client_ca, words in (
        (str(nothing), good, None, r"api\.cert_file .*nothing.* No such file"),
        (good, str(text), None, r"api\.cert_file .* key_file .*text cannot be used"),
        (good, str(files.client_key), None, "a certificate and its own key"),
        (good, good, str(nothing), r"api\.client_ca_file .*nothing cannot be used: No such file"),
        (good, good, str(text), r"api\.client_ca_file .*text cannot be used"),
    ):
        settings = ApiSettings(cert_file=cert, key_file=key, client_ca_file=client_ca)
        with pytest.raises(ConfigurationError, match=words):
            server_context(settings)


@pytest.mark.parametrize(
    "given", [{"cert_file": "a"}, {"key_file": "a"}, {"client_ca_file": "a"}], ids=str
)
def test_half_of_what_tls_needs_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="cert_file and key_file"):
        ApiSettings.model_validate(given)


def test_without_files_there_is_no_tls() -> None:
    assert server_context(ApiSettings()) is None
