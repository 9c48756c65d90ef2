"""An HTTP listener whose connections, threads and waiting times are bounded.

At most ``max_connections`` at once (one more gets a 503), one request a connection, and no
connection lives longer than ``deadline_s``, however slowly its peer reads or writes.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

from stream_monitor.web.pages import Request, Response, json_response

log = logging.getLogger(__name__)

Answer = Callable[[Request], Response]

#: How often deadlines, and the wish to stop, are looked at.
POLL_S = 0.1
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"


class Listener(HTTPServer):
    """Accepts connections and gives each a thread, within the bounds."""

    request_queue_size = 32

    def __init__(
        self, address: tuple[str, int], answer: Answer, max_connections: int, deadline_s: float
    ) -> None:
        self.answer = answer
        self._max_connections = max_connections
        self._deadline_s = deadline_s
        self._open: dict[socket.socket, tuple[threading.Thread, float]] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own asks the DNS for the machine's name, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            free = len(self._open) < self._max_connections
            if free:
                self._open[request] = (thread, time.monotonic() + self._deadline_s)
        if free:
            try:
                thread.start()
            except RuntimeError:  # the machine has no thread to give
                with self._lock:
                    del self._open[request]
            else:
                return
        with suppress(OSError):
            request.settimeout(POLL_S)
            request.recv(65_536)  # closing with the request unread would reset the connection
            request.sendall(_BUSY)
        self.shutdown_request(request)

    def service_actions(self) -> None:
        """Between connections: cut those beyond their deadline."""
        now = time.monotonic()
        with self._lock:
            late = [each for each, (_, deadline) in self._open.items() if deadline < now]
        _cut(late)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            threads = {connection: thread for connection, (thread, _) in self._open.items()}
        _cut(threads)
        for thread in threads.values():
            thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        log.debug("connection from %s broke", client_address, exc_info=True)

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            with self._lock:
                del self._open[request]


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
        accept, encoding = self.headers.get("Accept"), self.headers.get("Accept-Encoding")
        try:
            return self.server.answer(Request(self.path, accept or "", encoding or ""))
        except Exception:
            log.exception("%r could not be answered", self.path)
            error = {"error": "the worker could not answer; its log says why"}
            return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, error)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def _cut(connections: Iterable[socket.socket]) -> None:
    """End them both ways, which wakes the threads that wait for them."""
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
