"""The API's listener: connections within their bounds, with TLS or without.

aiohttp speaks HTTP. It has no bound on connections, and its sites leave TLS to the event loop,
which tells of a connection only when that is agreed on; so connections are accepted here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from aiohttp import web

from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.http import HttpConnection
from stream_monitor.web.connections import Closed, Connections

_BACKLOG = 128
#: How long a stop waits for what is being answered, and a connection for the end of TLS.
_STOP_S = 1.0
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"


class ApiServer:
    """Serves an application on a bound socket between :meth:`start` and :meth:`stop`.

    ``tls`` gives the context of each new connection, so that a renewed certificate counts.
    """

    def __init__(
        self,
        application: web.Application,
        on: socket.socket,
        connections: Connections,
        counts: ApiCounts,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self._runner = web.AppRunner(application, shutdown_timeout=_STOP_S)
        self._on = on
        self._connections = connections
        self._counts = counts
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen and serve, on this event loop."""
        await self._runner.setup()
        self._on.setblocking(False)
        self._on.listen(_BACKLOG)
        self._begin(self._accept())
        self._begin(self._connections.watch())

    async def stop(self) -> None:
        """Close the socket and, after a second or two at most, all connections; twice is once."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._on.close()
        await self._runner.cleanup()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(self._on)
            except OSError:  # no file descriptor is left, or the peer has gone again
                await asyncio.sleep(0.1)
                continue
            if self._connections.make_room():
                arriving = _Arriving(accepted)
                self._connections.came(arriving)
                arriving.task = self._begin(self._open(arriving))
                arriving.task.add_done_callback(arriving.ended)
            else:
                self._refuse(accepted)
            await asyncio.sleep(0)  # what waits for the loop is not held up by many that come

    async def _open(self, arriving: _Arriving) -> None:
        """Agree on TLS, if there is any; from then on the connection is aiohttp's."""
        arriving.is_begun = True
        loop = asyncio.get_running_loop()
        server, tls = self._runner.server, self._tls()
        assert server is not None
        most_s = self._connections.bounds.handshake_s

        def speak() -> HttpConnection:
            return HttpConnection(server, arriving, self._connections, self._counts, loop)

        try:
            await loop.connect_accepted_socket(
                speak,
                arriving.socket,
                ssl=tls,
                ssl_handshake_timeout=None if tls is None else most_s,
                ssl_shutdown_timeout=None if tls is None else _STOP_S,
            )
        except OSError:  # TLS that fails or takes too long, or a peer that has gone
            self._counts.closed(Closed.HANDSHAKE)
        finally:
            self._connections.went(arriving)

    def _refuse(self, accepted: socket.socket) -> None:
        with suppress(OSError):
            if self._tls() is None:
                with suppress(BlockingIOError):
                    accepted.recv(65_536)  # closing with it unread would reset the connection
                accepted.send(_FULL)
        accepted.close()


class _Arriving:
    """A connection that was accepted and does not speak HTTP yet."""

    def __init__(self, accepted: socket.socket) -> None:
        self.socket = accepted
        self.task: asyncio.Task[None] | None = None
        self.is_begun = False

    def unsent(self) -> int:
        return 0

    def abort(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def ended(self, task: asyncio.Task[None]) -> None:
        """Close what no transport has taken over, as its task was cancelled before it began."""
        if not self.is_begun:
            self.socket.close()
