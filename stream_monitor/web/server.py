"""The worker's HTTP server: a thread of its own, so that a scrape never holds up the event loop."""

from __future__ import annotations

import threading
from typing import Self

from stream_monitor.errors import ConfigurationError
from stream_monitor.web.connections import Bounds
from stream_monitor.web.counts import ServedCounts
from stream_monitor.web.listener import POLL_S, Answer, Listener

#: More than a machine's probes and a pair of Prometheus need; each may take a thread.
BOUNDS = Bounds(connections=16, request_s=5.0, answer_s=10.0)


class MonitorServer:
    """Serves ``answer`` on ``host``:``port`` between :meth:`start` and :meth:`stop`.

    Port 0 takes any free one; :attr:`port` tells which. ``answer`` runs in the server's
    threads; an exception of it becomes a 500 and a line in the log. ``counts`` has what the
    bounds have ended.
    """

    def __init__(
        self,
        answer: Answer,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        bounds: Bounds = BOUNDS,
        counts: ServedCounts | None = None,
    ) -> None:
        self._answer = answer
        self._address = (host, port)
        self._bounds = bounds
        self._counts = counts or ServedCounts()
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and serve; a server that is started stays as it is.

        Raises:
            ConfigurationError: the address is taken, not this machine's, or not allowed.
        """
        if self._listener is not None:
            return
        host, port = self._address
        try:
            listener = Listener(self._address, self._answer, self._bounds, self._counts)
        except OSError as exc:
            raise ConfigurationError(
                f"cannot listen on {host} port {port} ({exc.strerror or exc}); "
                "set another worker.host or worker.port (0 takes any free port)"
            ) from exc
        self._listener = listener
        self._thread = threading.Thread(
            target=listener.serve_forever, args=(POLL_S,), name="monitor-http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, cut what is open, and wait for all threads; twice is once."""
        listener, thread = self._listener, self._thread
        if listener is None or thread is None:
            return
        listener.shutdown()
        thread.join()
        listener.server_close()
        self._listener = self._thread = None

    @property
    def port(self) -> int:
        """The port bound (the one asked for, before the start)."""
        return self._address[1] if self._listener is None else self._listener.server_port

    @property
    def url(self) -> str:
        """``http://host:port``, without a slash at the end."""
        host = self._address[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
