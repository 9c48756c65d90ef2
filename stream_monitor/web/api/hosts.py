"""By which names the API may be asked where reading takes no token.

A page of another site can have its own name point to a worker and then read its answers as if they
were the site's own (DNS rebinding). Its browser sends that name in Host.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from stream_monitor.config.api import ApiSettings
from stream_monitor.web.api.problems import ProblemError

#: ``[::1]:6066`` or ``name:6066``, the port left out or not.
_HOST = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]+))(?::\d+)?")


def name_of(header: str) -> str:
    """The name or address in a header Host, in lower case; "" where it holds none."""
    found = _HOST.fullmatch(header)
    return (found[1] or found[2]).lower().removesuffix(".") if found else ""


class Hosts:
    """The names that are a worker's own; one that begins with a dot stands for all below it too."""

    def __init__(self, names: Collection[str]) -> None:
        lower = {name.lower() for name in names}
        self._below = tuple(name for name in lower if name.startswith("."))
        self._names = lower | {name[1:] for name in self._below}

    @classmethod
    def of(cls, settings: ApiSettings) -> Hosts:
        """``api.allowed_hosts``, localhost, this machine's name, and those of ``api.host`` and
        ``api.advertise``."""
        own = {"localhost", socket.gethostname(), settings.host}
        if settings.advertise is not None:
            own.add(urlsplit(settings.advertise).hostname or "")
        return cls({*own, *settings.allowed_hosts})

    def check(self, header: str | None) -> None:
        """Raise a 403 :class:`ProblemError` unless the header Host is an address or one of these.

        An address is nobody's name, and no browser leaves the header out.
        """
        if header is None:
            return
        name = name_of(header)
        if not (name in self._names or name.endswith(self._below) or _is_address(name)):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "without api.read_token_file this worker answers to its own names alone, and the "
                "header Host has another; add it to api.allowed_hosts, or set a token",
            )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
