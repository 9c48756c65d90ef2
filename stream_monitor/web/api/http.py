"""A connection of the API once it speaks HTTP: aiohttp's, within our bounds."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus

from aiohttp import web

from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.headers import dress
from stream_monitor.web.api.problems import ProblemError
from stream_monitor.web.connections import Connection, Connections

#: Of one request: what a connection that never ends its head can hold, times all of them.
MAX_HEADERS, MAX_HEADER_BYTES = 64, 4096
#: How long the rest of a body is read that nobody wants: to close at once would be a reset, with
#: which a peer that still sends may lose the answer.
_LINGER_S = 2.0
#: aiohttp's own log has what strangers send, their tokens too, as errors. Of errors in our
#: handlers the application tells.
_SILENT = logging.Logger("aiohttp", logging.CRITICAL + 1)


class HttpConnection(web.RequestHandler):
    """Tells ``connections`` when it comes and goes, and answers nonsense in our way.

    ``before`` is what it was among them until it spoke HTTP.
    """

    __slots__ = ("_before", "_connections", "_counts")

    def __init__(
        self,
        server: web.Server,
        before: Connection,
        connections: Connections,
        counts: ApiCounts,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            logger=_SILENT,
            access_log=_SILENT,
            auto_decompress=False,  # see encodings.py
            lingering_time=_LINGER_S,
            max_headers=MAX_HEADERS,
            max_field_size=MAX_HEADER_BYTES,
        )
        self._before = before
        self._connections = connections
        self._counts = counts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.went(self._before)
        self._connections.came(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.went(self)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP: a problem document that repeats nothing of it."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun, so there can be no other")
        self._counts.malformed(status)
        response = ProblemError(
            HTTPStatus(status), "this is no request that can be read; send HTTP/1.1"
        ).response()
        dress(response)
        response.force_close()
        return response

    def unsent(self) -> int:
        """Bytes of answers that the peer has not taken."""
        its = self.transport
        return its.get_write_buffer_size() if isinstance(its, asyncio.Transport) else 0

    def abort(self) -> None:
        """End it at once."""
        its = self.transport
        self.force_close()
        if isinstance(its, asyncio.Transport):
            its.abort()  # closing alone would wait for a peer that does not read
