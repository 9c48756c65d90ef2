"""The aiohttp application: bounds, access, errors, headers and counts around the handlers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from stream_monitor.config.api import ApiSettings
from stream_monitor.config.settings import Settings
from stream_monitor.errors import BrokerError
from stream_monitor.views.protocol import UnavailableError
from stream_monitor.web.api.access import Access, Tokens
from stream_monitor.web.api.clients import Clients
from stream_monitor.web.api.counts import ApiCounts
from stream_monitor.web.api.encodings import too_large
from stream_monitor.web.api.handlers import Handlers
from stream_monitor.web.api.headers import dress
from stream_monitor.web.api.hosts import Hosts
from stream_monitor.web.api.http import HttpConnection
from stream_monitor.web.api.problems import ProblemError
from stream_monitor.web.api.rates import Rates
from stream_monitor.web.api.routes import Route
from stream_monitor.web.api.routing import Routing
from stream_monitor.web.connections import Connections

log = logging.getLogger(__name__)

#: Requests that are being answered at once.
MAX_AT_ONCE = 64

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_AGAIN = {"Retry-After": "1"}


def application(
    settings: Settings,
    handlers: Handlers,
    tokens: Callable[[], Tokens],
    now_ms: Callable[[], int],
    counts: ApiCounts,
    connections: Connections,
    routing: Routing,
) -> web.Application:
    """The API, to be served by :class:`.server.ApiServer`; ``now_ms`` never goes back."""
    guard = _Guard(settings.api, now_ms, counts, connections)
    hosts = Hosts.of(settings.api)

    @web.middleware  # which takes a plain function only
    async def guarded(request: web.Request, handler: _Handler) -> web.StreamResponse:
        return await guard(request, handler)

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        dress(response)

    made = web.Application(client_max_size=settings.api.max_body_bytes, middlewares=[guarded])
    made.on_response_prepare.append(prepare)
    for route in handlers.routes:
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            handler = _behind(route, tokens, hosts, handlers, routing)
            made.router.add_route(method, route.path, handler, expect_handler=_expect)
    return made


def _behind(
    route: Route,
    tokens: Callable[[], Tokens],
    hosts: Hosts,
    handlers: Handlers,
    routing: Routing,
) -> _Handler:
    answer: Callable[[web.Request], Awaitable[web.Response]] = getattr(handlers, route.handler)

    async def handle(request: web.Request) -> web.StreamResponse:
        known = tokens()
        known.check(route.access, request.remote, request.headers)
        if route.access is Access.READ and known.read is None:
            hosts.check(request.headers.get("Host"))
        return await (routing(request, answer) if route.of_models else answer(request))

    return handle


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """What aiohttp does before anything else for the header Expect, with an error of our kind."""
    if request.headers["Expect"].lower() != "100-continue":
        detail = "the header Expect may be 100-continue or left out"
        return ProblemError(HTTPStatus.EXPECTATION_FAILED, detail).response()
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer has not begun
    return None


class _Guard:
    """Around every request, also those to no route."""

    def __init__(
        self,
        settings: ApiSettings,
        now_ms: Callable[[], int],
        counts: ApiCounts,
        connections: Connections,
    ) -> None:
        self._rates = Rates(settings.max_requests)
        self._clients = Clients(settings.trusted_proxies)
        self._now_ms = now_ms
        self._counts = counts
        self._connections = connections
        self._at_once = 0

    async def __call__(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        connection, begun_ms = request.protocol, self._now_ms()
        assert isinstance(connection, HttpConnection)
        with self._connections.answering(connection):
            self._at_once += 1
            try:
                response = await self._answer(request, handler)
            finally:
                self._at_once -= 1
        resource = request.match_info.route.resource
        route = "" if resource is None else resource.canonical
        self._counts.answered(route, response.status, (self._now_ms() - begun_ms) / 1000)
        return response

    async def _answer(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            self._admit(request)
            return await handler(request)
        except ProblemError as problem:
            return problem.response()
        except (UnavailableError, BrokerError) as exc:
            return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(exc), headers=_AGAIN).response()
        except web.HTTPException as exc:
            return _of_aiohttp(exc).response()
        except Exception:
            # Quoted as it came, as a line break in it would be one in the log.
            path = request.rel_url.raw_path
            log.exception("%s %s could not be answered", request.method, path)
            return ProblemError(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "the worker could not answer; its log says why",
            ).response()

    def _admit(self, request: web.Request) -> None:
        forwarded = request.headers.getall("X-Forwarded-For", [])
        client = self._clients.of(request.remote, forwarded)
        wait_s = self._rates.take(client, self._now_ms())
        if wait_s:
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many requests from this address (api.max_requests); send many events in one",
                headers={"Retry-After": str(wait_s)},
            )
        if self._at_once > MAX_AT_ONCE:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{MAX_AT_ONCE} requests are being answered; ask again in a moment",
                headers=_AGAIN,
            )


def _of_aiohttp(exc: web.HTTPException) -> ProblemError:
    status = HTTPStatus(exc.status)
    allow = exc.headers.get("Allow")
    match status:
        case HTTPStatus.NOT_FOUND:
            detail = "there is nothing at this path; /docs lists what there is"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            detail = f"this path takes {allow}"
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return too_large()
        case _:
            detail = status.phrase
    return ProblemError(status, detail, headers={} if allow is None else {"Allow": allow})
