"""Faust's web server with our routes and none of its own."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from aiohttp import web
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


class Web(driver.Web):
    """Serves one application on one socket.

    Faust's own pages, which show tables and partitions to whoever asks, are left out.
    """

    default_blueprints = production_blueprints = debug_blueprints = optional_blueprints = ()

    def __init__(self, app: AppT, serve: web.Application, on: socket.socket, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self.web_app = serve
        self._on = on
        self._runner = web.AppRunner(
            serve, access_log=None, handle_signals=False, shutdown_timeout=1.0
        )

    def _create_site(self) -> web.BaseSite:
        return web.SockSite(self._runner, self._on)
