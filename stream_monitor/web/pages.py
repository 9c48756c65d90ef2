"""What each path of the worker's HTTP server answers; no socket here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import Snapshot
from stream_monitor.web.health import health_document, is_ready, ready_document

#: What there is, as a 404 lists it.
PATHS = {
    "/metrics": "metrics for Prometheus, as text or OpenMetrics",
    "/health": "state, partitions and models; 200 while running, else 503",
    "/ready": "whether the worker runs, and no more; same status",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A GET or HEAD; ``target`` is path and query as they were sent."""

    target: str
    accept: str = ""
    accept_encoding: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What to send; the server adds the length, and leaves the body out for HEAD."""

    status: HTTPStatus
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(
    status: HTTPStatus, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON document, indented for people with curl."""
    body = json.dumps(document, indent=2).encode() + b"\n"
    return Response(status, "application/json", body, headers or {})


class Pages:
    """The worker's pages: a function of the request, the present snapshot and the time."""

    def __init__(
        self, read: Callable[[], Snapshot], exporter: Exporter, now_ms: Callable[[], int]
    ) -> None:
        self._read = read
        self._exporter = exporter
        self._now_ms = now_ms

    def __call__(self, request: Request) -> Response:
        """The answer, 404 with what there is for an unknown path."""
        parts = urlsplit(request.target)
        if parts.path == "/metrics":
            return self._metrics(request, parts.query)
        if parts.path not in PATHS:
            document = {"error": "there is nothing at this path", "paths": PATHS}
            return json_response(HTTPStatus.NOT_FOUND, document)
        snapshot, now_ms = self._read(), self._now_ms()
        ready = is_ready(snapshot, now_ms)
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        say = health_document if parts.path == "/health" else ready_document
        return json_response(status, say(snapshot, now_ms))

    def _metrics(self, request: Request, query: str) -> Response:
        only = parse_qs(query).get("name[]", [])
        page = self._exporter.expose(request.accept, request.accept_encoding, only)
        headers = {"Vary": "Accept, Accept-Encoding"}
        if page.encoding is not None:
            headers["Content-Encoding"] = page.encoding
        return Response(HTTPStatus.OK, page.content_type, page.body, headers)
