"""Faust's web server with our server in it and none of its own pages."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Protocol

from faust.web.drivers import aiohttp as driver

from stream_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from faust.types import AppT


def listen(host: str, port: int) -> socket.socket:
    """A socket bound before anything else starts; port 0 takes any free one.

    Raises:
        ConfigurationError: the address is taken, not this machine's, or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as exc:
        listening.close()
        raise ConfigurationError(
            f"cannot listen on {host} port {port} ({exc.strerror or exc}); set another api.host "
            "or api.port (0 takes any free port), or api.enabled: false"
        ) from exc
    return listening


class Serves(Protocol):
    """What listens and answers, on the event loop that starts it."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End; what has not begun is ended too."""


class Web(driver.Web):
    """Begins and ends with Faust's services, and serves what it is given.

    Faust's own pages, which show tables and partitions to whoever asks, are left out.
    """

    default_blueprints = production_blueprints = debug_blueprints = optional_blueprints = ()

    def __init__(self, app: AppT, server: Serves, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._server_of_ours = server

    async def start_server(self) -> None:
        await self._server_of_ours.start()

    async def stop_server(self) -> None:
        await self._server_of_ours.stop()
