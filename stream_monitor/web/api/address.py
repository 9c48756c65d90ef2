"""Where a worker says that others reach it, and what it trusts when it asks them."""

from __future__ import annotations

import ipaddress
import socket
import ssl

from stream_monitor.client.certificates import load_chain, trusting
from stream_monitor.config.api import ApiSettings


def advertised(api: ApiSettings, port: int, scheme: str = "http") -> str:
    """The URL of this worker's API for other workers, without a slash at the end.

    ``api.advertise``; else the address it is bound to, or this machine's name where it is bound
    to all of them. ``port`` is the one that it got.
    """
    if api.advertise is not None:
        return api.advertise
    host = socket.gethostname() if _is_every(api.host) else api.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def peer_tls(api: ApiSettings) -> ssl.SSLContext:
    """How other workers' certificates are checked, and what this one shows where they ask for one.

    Raises:
        ConfigurationError: a file of the settings cannot be used.
    """
    context = trusting(api.peer_ca_file, "api.peer_ca_file")
    if api.client_ca_file is not None and api.cert_file is not None and api.key_file is not None:
        load_chain(context, api.cert_file, api.key_file, "api")
    return context


def _is_every(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
