"""Where a worker says that others reach it, and what it trusts when it asks them."""

from __future__ import annotations

import ipaddress
import socket
import ssl

from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import ConfigurationError


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
    """How other workers' certificates are checked.

    Raises:
        ConfigurationError: ``api.peer_ca_file`` cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=api.peer_ca_file)
    except OSError as exc:  # ssl.SSLError is one
        raise ConfigurationError(
            f"api.peer_ca_file {api.peer_ca_file} cannot be used "
            f"({exc.strerror or type(exc).__name__}); it holds certificates of authorities in PEM"
        ) from exc


def _is_every(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
