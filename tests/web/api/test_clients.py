"""By whom requests are counted."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stream_monitor.config.api import ApiSettings
from stream_monitor.web.api.clients import Clients
from tests.web.api.worlds import JSON, serving

PROXIES = Clients(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::/64"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.7, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, "], "10.0.0.1"),
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),
        ("2001:db8:0:1::5", ["203.0.113.9"], "2001:db8:0:1::/64"),
        (None, [], ""),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_only_a_trusted_proxy_says_who_asks(
    peer: str | None, forwarded: list[str], who: str
) -> None:
    assert PROXIES.of(peer, forwarded) == who


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=60), max_size=5), st.booleans())
def test_what_a_stranger_sends_is_never_believed_and_breaks_nothing(
    forwarded: list[str], trusted: bool
) -> None:
    peer = "10.0.0.1" if trusted else "198.51.100.1"
    who = PROXIES.of(peer, forwarded)
    assert who == peer if not trusted else ipaddress.ip_network(who)
    # The last address is the proxy's own word, whatever stands before it.
    assert PROXIES.of("10.0.0.1", [*forwarded, "192.0.2.1"]) == "192.0.2.1"


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_whoever_changes_addresses_within_a_network_stays_one(one: int, other: int) -> None:
    network = int(ipaddress.ip_address("2001:db8::"))
    assert {
        Clients([]).of(str(ipaddress.IPv6Address(network + low)), []) for low in (one, other)
    } == {"2001:db8::/64"}


def test_clients_of_a_trusted_proxy_do_not_share_one_rate() -> None:
    def statuses(*trusted_proxies: str) -> list[int]:
        with serving(max_requests=1, trusted_proxies=trusted_proxies) as api:
            return [
                api.ask("/ready", headers={"X-Forwarded-For": f"192.0.2.{i}"}).status
                for i in range(4)
            ]

    assert statuses("127.0.0.0/8") == [200] * 4
    assert statuses() == [200, 200, 429, 429], "what a stranger says gets no rate of its own"


def test_who_comes_through_a_trusted_proxy_is_not_this_machine() -> None:
    event = {"model": "m", "features": {"x": 1}}
    with serving(trusted_proxies=("127.0.0.0/8",)) as api:
        headers = {**JSON, "X-Forwarded-For": "127.0.0.1"}
        assert api.post("/monitor/predict", event, headers).status == 403


@pytest.mark.parametrize("given", [("proxy",), ("10.0.0.1/8",), ("10.0.0.0/8",) * 2, ("",)])
def test_what_is_no_network_is_refused(given: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        ApiSettings(trusted_proxies=given)
