"""Who asks: the other end of the connection, or whom a proxy that is trusted speaks for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Whoever has one address of IPv6 has all that share so many bits.
_NETWORK_BITS = 64


class Clients:
    """By whom requests are counted; ``trusted`` are the networks of proxies."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = [ipaddress.ip_network(text) for text in trusted]

    def of(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """The asker's address; of IPv6 its network of 64 bits.

        ``forwarded`` are the headers X-Forwarded-For. Only what a trusted proxy has added is
        believed: the last address that is not a trusted proxy's, read from the end.
        """
        found = _address(peer or "")
        if found is None:
            return peer or ""
        for text in reversed([part for line in forwarded for part in line.split(",")]):
            before = _address(text.strip())
            if before is None or not self._is_trusted(found):
                break
            found = before
        if isinstance(found, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((int(found), _NETWORK_BITS), strict=False))
        return str(found)

    def _is_trusted(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> _Address | None:
    """An address, also as some proxies write it: with a port, or in brackets."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
