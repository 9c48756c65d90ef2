"""Where a worker says that it is, and what it trusts there."""

import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.web.api.address import advertised, peer_tls


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:7"),
        ("worker-1", "http://worker-1:7"),
        ("fd00::1", "http://[fd00::1]:7"),
        ("0.0.0.0", f"http://{socket.gethostname()}:7"),
        ("::", f"http://{socket.gethostname()}:7"),
    ],
)
def test_it_is_the_bound_address_or_the_name_of_the_machine(host: str, url: str) -> None:
    assert advertised(ApiSettings(host=host), 7) == url


def test_what_is_set_counts_and_the_scheme_can_be_that_of_tls() -> None:
    assert advertised(ApiSettings(advertise="https://w:1"), 7) == "https://w:1"
    assert advertised(ApiSettings(), 7, "https") == "https://127.0.0.1:7"


@pytest.mark.parametrize(
    "text",
    ["worker-1:6066", "ftp://w:1", "http://", "http://w/api", "http://w:0", "http://w:99999",
     "http://u:p@w:1", "http://w?a", "http://w#a", "http://[::1"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="no address of a worker"):
        ApiSettings(advertise=text)


def test_authorities_that_cannot_be_read_are_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(ConfigurationError, match=r"api\.peer_ca_file"):
            peer_tls(ApiSettings(peer_ca_file=str(tmp_path / name)))
