"""What each route does with a request that may be made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from stream_monitor.config.settings import Settings
from stream_monitor.events.limits import Limits
from stream_monitor.events.timestamps import MAX_MS
from stream_monitor.scenarios.now import CannotPlayError
from stream_monitor.views.protocol import ModelCard, Report, View
from stream_monitor.web.api import answers, bodies, reporting, requests
from stream_monitor.web.api.encodings import broken, decoded, require_encoding, too_large
from stream_monitor.web.api.html import Page, page
from stream_monitor.web.api.openapi import document
from stream_monitor.web.api.ports import Archive, Intake, Simulator, Topic
from stream_monitor.web.api.problems import ProblemError, unknown
from stream_monitor.web.api.routes import JSON, ROUTES, SIMULATE, Route
from stream_monitor.web.api.routing import sign
from stream_monitor.web.pages import Pages
from stream_monitor.web.pages import Request as PageRequest

#: How long a peer may take to send its body.
BODY_S = 10.0


class Handlers:
    """The routes' methods; each raises :class:`ProblemError` for what cannot be answered.

    ``view`` gives a view for one request.
    """

    def __init__(
        self,
        settings: Settings,
        view: Callable[[], View],
        archive: Archive,
        intake: Intake,
        pages: Pages,
        now_ms: Callable[[], int],
        simulator: Simulator | None,
    ) -> None:
        self._settings = settings
        self._view = view
        self._archive = archive
        self._intake = intake
        self._pages = pages
        self._now_ms = now_ms
        self._simulator = simulator
        self._limits = Limits(future_tolerance_ms=settings.worker.future_tolerance_ms)
        # What Kafka adds to a message is a small part of a kilobyte.
        self._max_value = settings.kafka.max_message_bytes - 1024
        routes = ROUTES if simulator is None else (*ROUTES, SIMULATE)
        self.routes: Sequence[Route] = routes
        self._openapi = _encoded(document(routes, settings.api.max_body_bytes))
        self._live, self._docs = page("live"), page("docs")

    async def live(self, request: web.Request) -> web.Response:
        return _html(self._live)

    async def docs(self, request: web.Request) -> web.Response:
        return _html(self._docs)

    async def openapi(self, request: web.Request) -> web.Response:
        return web.Response(body=self._openapi, content_type=JSON)

    async def health(self, request: web.Request) -> web.Response:
        return self._page(request)

    ready = metrics = health

    async def predict(self, request: web.Request) -> web.Response:
        return await self._take("predictions", request, bodies.events)

    async def labels(self, request: web.Request) -> web.Response:
        return await self._take("labels", request, bodies.labels)

    async def models(self, request: web.Request) -> web.Response:
        requests.read_query(requests.ModelsQuery, request.query)
        view = self._view()
        return _said(_json(answers.models(await view.models())), view)

    async def drift(self, request: web.Request) -> web.Response:
        return await self._windows(request, "drift")

    async def performance(self, request: web.Request) -> web.Response:
        return await self._windows(request, "performance")

    async def quality(self, request: web.Request) -> web.Response:
        return await self._windows(request, "quality")

    async def alerts(self, request: web.Request) -> web.Response:
        query = requests.read_query(requests.AlertsQuery, request.query)
        view = self._view()
        if query.model is not None:
            await _known(view, query.model)
        found = await view.alerts(query.model)
        return _said(_json(answers.alerts(found, query.model_dump())), view)

    async def report(self, request: web.Request) -> web.Response:
        query = requests.read_query(requests.ReportQuery, request.query)
        view = self._view()
        made = await reporting.report(
            view, self._archive, self._settings.for_model, query, self._now_ms()
        )
        return _said(made, view)

    async def simulate(self, request: web.Request) -> web.Response:
        assert self._simulator is not None
        query = requests.read_query(requests.SimulateQuery, request.query)
        name = request.match_info["scenario"]
        if name not in self._simulator.names:
            raise unknown("scenario", name, self._simulator.names)
        try:
            begun = await self._simulator.start(name, query.seed)
        except CannotPlayError as exc:
            raise ProblemError(HTTPStatus.CONFLICT, str(exc)) from None
        return _json(begun, HTTPStatus.ACCEPTED)

    async def _windows(self, request: web.Request, family: str) -> web.Response:
        query = requests.read_query(requests.WindowsQuery, request.query)
        view = self._view()
        if query.model is None:
            cards = [card for card in await view.models() if _is_due(card, query.since)]
            cards.sort(key=lambda card: -(card.window_end_ms or 0))
            found = [await view.latest(card.model) for card in cards[: query.limit]]
            reports: list[Report] = [report for report in found if report is not None]
        else:
            await _known(view, query.model)
            since = query.since or 0
            reports = await view.history(query.model, since, MAX_MS, query.limit)
        if query.column is not None and reports:
            known = answers.columns(reports)
            if query.column not in known:
                raise unknown("column", query.column, known)
        return _said(_json(answers.windows(reports, family, query.column)), view)

    async def _take(
        self,
        topic: Topic,
        request: web.Request,
        check: Callable[[bytes, Limits, int], list[bytes]],
    ) -> web.Response:
        requests.require_json(request.content_type)
        encoding = require_encoding(request.headers.get("Content-Encoding", ""))
        most = self._settings.api.max_body_bytes
        if (request.content_length or 0) > most:
            raise too_large()
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.read()
        except TimeoutError:
            raise ProblemError(
                HTTPStatus.REQUEST_TIMEOUT, f"the body took more than {BODY_S:.0f} s to come"
            ) from None
        except (web.RequestPayloadError, ConnectionError):
            raise broken() from None
        now_ms = self._now_ms()

        def work() -> list[bytes]:
            return check(decoded(body, encoding, most), self._limits, now_ms)

        # Off the loop: what is checked here may take as long as a batch of the pipeline.
        values = await asyncio.to_thread(work)
        if max(map(len, values)) > self._max_value:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"one item has {max(map(len, values)):,} bytes; a message on Kafka has at most "
                f"{self._max_value:,}",
            )
        await self._intake.send(topic, values)
        return _json({"accepted": len(values)}, HTTPStatus.ACCEPTED)

    def _page(self, request: web.Request) -> web.Response:
        accept = request.headers.get("Accept", "")
        encoding = request.headers.get("Accept-Encoding", "")
        made = self._pages(PageRequest(request.path_qs, accept, encoding))
        return web.Response(
            status=made.status,
            body=made.body,
            headers={**made.headers, "Content-Type": made.content_type},
        )


async def _known(view: View, model: str) -> None:
    if await view.latest(model) is not None:  # which costs less than all cards
        return
    names = [card.model for card in await view.models()]
    if model not in names:
        raise unknown("model", model, names)


def _said(response: web.Response, view: View) -> web.Response:
    sign(response.headers, view.told)
    return response


def _is_due(card: ModelCard, since_ms: int | None) -> bool:
    return card.window_end_ms is not None and card.window_end_ms >= (since_ms or 0)


def _encoded(answer: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def _json(answer: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(status=status, body=_encoded(answer), content_type=JSON)


def _html(made: Page) -> web.Response:
    return web.Response(
        body=made.body,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": made.policy},
    )
