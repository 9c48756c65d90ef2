"""Every path of the API: who may ask, what is asked, what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel

from stream_monitor.web.api import documents, requests
from stream_monitor.web.api.access import Access

JSON, HTML, TEXT = "application/json", "text/html", "text/plain"

#: Problems that any request may end in.
ANYWHERE = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    ``handler`` is the name of a method of ``handlers.Handlers``. ``query`` and ``body`` describe
    what is asked, ``answer`` what ``status`` comes with (of ``media``). ``also`` are statuses
    whose body is an ``answer`` too.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: str
    summary: str
    access: Access = Access.READ
    answer: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    status: HTTPStatus = HTTPStatus.OK
    also: tuple[HTTPStatus, ...] = ()
    media: str = JSON

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def of_models(self) -> bool:
        """Whether it tells of models, so that the answer says from where it is."""
        return self.path.startswith("/monitor/") and self.method == "GET"

    @property
    def of_one(self) -> bool:
        """Whether one model can be asked about, and so its owner."""
        return "model" in (self.query.model_fields if self.query else ())

    @property
    def problems(self) -> Iterator[HTTPStatus]:
        """The statuses of the problem documents that may be answered."""
        if self.body is not None:
            yield HTTPStatus.BAD_REQUEST
        if self.access is not Access.OPEN:
            yield HTTPStatus.UNAUTHORIZED
            yield HTTPStatus.FORBIDDEN
        if self.parameters or self.of_one:
            yield HTTPStatus.NOT_FOUND
        if self.body is not None:
            yield HTTPStatus.REQUEST_TIMEOUT
        if self.parameters:
            yield HTTPStatus.CONFLICT
        if self.body is not None:
            yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        if self.of_one:
            yield HTTPStatus.MISDIRECTED_REQUEST
        if self.body is not None or self.query is not None:
            yield HTTPStatus.UNPROCESSABLE_ENTITY
        yield from ANYWHERE


_WINDOWS = requests.WindowsQuery

ROUTES: tuple[Route, ...] = (
    Route("GET", "/", "live", "The live page.", Access.OPEN, media=HTML),
    Route("GET", "/docs", "docs", "These paths, to read and to try.", Access.OPEN, media=HTML),
    Route("GET", "/openapi.json", "openapi", "This document.", Access.OPEN),
    Route(
        "GET", "/health", "health", "State, partitions and models.",
        answer=documents.Health, also=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Route(
        "GET", "/ready", "ready", "Whether the worker runs.", Access.OPEN,
        answer=documents.Ready, also=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Route("GET", "/metrics", "metrics", "Metrics for Prometheus.", media=TEXT),
    Route(
        "POST", "/monitor/predict", "predict",
        "Send one event or a list; answered when Kafka has all, or none is sent.",
        Access.WRITE, documents.Accepted, body=requests.Events, status=HTTPStatus.ACCEPTED,
    ),
    Route(
        "POST", "/monitor/labels", "labels",
        "Send one label or a list; answered when Kafka has all, or none is sent.",
        Access.WRITE, documents.Accepted, body=requests.Labels, status=HTTPStatus.ACCEPTED,
    ),
    Route(
        "GET", "/monitor/models", "models", "Every model at a glance.",
        answer=documents.Models, query=requests.ModelsQuery,
    ),
    Route(
        "GET", "/monitor/drift", "drift", "Drift, window by window.",
        answer=documents.Drift, query=_WINDOWS,
    ),
    Route(
        "GET", "/monitor/performance", "performance", "Performance, as far as labels have come.",
        answer=documents.Performance, query=_WINDOWS,
    ),
    Route(
        "GET", "/monitor/quality", "quality", "Data quality, window by window.",
        answer=documents.Quality, query=_WINDOWS,
    ),
    Route(
        "GET", "/monitor/alerts", "alerts", "Alerts: what changed, since when, where to look.",
        answer=documents.Alerts, query=requests.AlertsQuery,
    ),
    Route(
        "GET", "/monitor/report", "report",
        "What a period was like, as a page (or, by format=json, JSON), while the topics have it.",
        query=requests.ReportQuery, media=HTML,
    ),
)  # fmt: skip

#: There only where ``api.simulate`` is set.
SIMULATE = Route(
    "POST", "/simulate/{scenario}", "simulate",
    "Send made-up traffic whose faults are known; only with api.simulate.",
    Access.WRITE, documents.Simulated, query=requests.SimulateQuery, status=HTTPStatus.ACCEPTED,
)  # fmt: skip
