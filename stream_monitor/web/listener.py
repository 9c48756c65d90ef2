"""An HTTP listener whose connections, threads and waiting times are bounded.

Each connection has one request and a thread. Whoever is slow to ask or to read holds up nobody: he
has his time, and at the limit the one that has waited longest makes room (:mod:`.connections`).
"""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

from stream_monitor.web.connections import Bounds, Connections, Counts
from stream_monitor.web.pages import Request, Response, json_response

log = logging.getLogger(__name__)

Answer = Callable[[Request], Response]

#: How often times, and the wish to stop, are looked at.
POLL_S = 0.1
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"


class Listener(HTTPServer):
    """Accepts connections and gives each a thread, within ``bounds``; beyond there is a 503.

    ``counts`` is used by one thread at a time.
    """

    request_queue_size = 32

    def __init__(
        self, address: tuple[str, int], answer: Answer, bounds: Bounds, counts: Counts
    ) -> None:
        self.answer = answer
        self._connections = Connections(bounds, counts, time.monotonic)
        self._open: dict[socket.socket, _Open] = {}
        self._lock = threading.Lock()  # of the two above
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own asks the DNS for the machine's name, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        opened = _Open(
            request,
            threading.Thread(target=self._serve, args=(request, client_address), daemon=True),
        )
        with self._lock:
            free = self._connections.make_room()
            if free:
                self._connections.came(opened)
                self._open[request] = opened
        if free:
            try:
                opened.thread.start()
            except RuntimeError:  # the machine has no thread to give
                self._forget(request)
            else:
                return
        with suppress(OSError):
            request.settimeout(POLL_S)
            request.recv(65_536)  # closing with the request unread would reset the connection
            request.sendall(_BUSY)
        self.shutdown_request(request)

    def service_actions(self) -> None:
        """Between connections: cut those beyond their time."""
        with self._lock:
            self._connections.look()

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            left = list(self._open.values())
        for opened in left:
            opened.abort()
        for opened in left:
            opened.thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        log.debug("connection from %s broke", client_address, exc_info=True)

    def begins(self, request: socket.socket) -> None:
        """A whole head has come; ConnectionError where the connection has been ended."""
        with self._lock:
            if not self._connections.begins(self._open[request]):
                raise ConnectionAbortedError("it made room, or took too long to ask")

    def sends(self, request: socket.socket, left: int) -> None:
        """An answer is there, and its peer has yet to take ``left`` bytes of it."""
        with self._lock:
            opened = self._open[request]
            opened.left = left
            self._connections.answers(opened)

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            self._forget(request)

    def _forget(self, request: socket.socket) -> None:
        with self._lock:
            self._connections.went(self._open.pop(request))


@dataclass(eq=False, slots=True)
class _Open:
    """A connection that is open, and its thread."""

    socket: socket.socket
    thread: threading.Thread
    left: int = 0

    def unsent(self) -> int:
        return self.left

    def abort(self) -> None:
        """End it both ways, which wakes the thread that waits for it."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One request of one connection."""

    server: Listener
    server_version = "stream-monitor"
    sys_version = ""
    default_request_version = "HTTP/1.0"  # answers to nonsense have a status line too

    def do_GET(self) -> None:  # the names are http.server's
        self._send(self._ask())

    def do_HEAD(self) -> None:
        self._send(self._ask())  # which leaves the body out

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server refuses by itself, as JSON; a method it does not know is a 405."""
        status, headers = HTTPStatus(code), {}
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status, headers = HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"}
        self._send(json_response(status, {"error": message or status.phrase}, headers))

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)

    def _ask(self) -> Response:
        self.server.begins(self.connection)
        accept, encoding = self.headers.get("Accept"), self.headers.get("Accept-Encoding")
        try:
            return self.server.answer(Request(self.path, accept or "", encoding or ""))
        except Exception:
            log.exception("%r could not be answered", self.path)
            error = {"error": "the worker could not answer; its log says why"}
            return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, error)

    def _send(self, response: Response) -> None:
        self.server.sends(self.connection, len(response.body) + 1)  # and a head
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
