"""The aiohttp application: bounds, access, errors and headers around the handlers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from stream_monitor.config.settings import Settings
from stream_monitor.errors import BrokerError
from stream_monitor.views.protocol import UnavailableError
from stream_monitor.web.api.access import Tokens
from stream_monitor.web.api.handlers import Handlers
from stream_monitor.web.api.problems import Problem
from stream_monitor.web.api.rates import Rates
from stream_monitor.web.api.routes import Route
from stream_monitor.web.api.routing import Routing

log = logging.getLogger(__name__)

#: Requests that are being answered at once.
MAX_AT_ONCE = 64

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Server": "stream-monitor",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: Of what is no page.
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_AGAIN = {"Retry-After": "1"}


def application(
    settings: Settings,
    handlers: Handlers,
    tokens: Tokens,
    now_ms: Callable[[], int],
    routing: Routing,
) -> web.Application:
    """The API, to be served by whoever has a listener; ``now_ms`` never goes back."""
    guard = _Guard(settings.api.max_requests, now_ms)

    @web.middleware  # which takes a plain function only
    async def guarded(request: web.Request, handler: _Handler) -> web.StreamResponse:
        return await guard(request, handler)

    made = web.Application(client_max_size=settings.api.max_body_bytes, middlewares=[guarded])
    for route in handlers.routes:
        behind = _behind(route, tokens, handlers, routing)
        made.router.add_route(route.method, route.path, behind)
        if route.method == "GET":
            made.router.add_route("HEAD", route.path, behind)
    return made


def _behind(route: Route, tokens: Tokens, handlers: Handlers, routing: Routing) -> _Handler:
    answer: Callable[[web.Request], Awaitable[web.Response]] = getattr(handlers, route.handler)

    async def handle(request: web.Request) -> web.StreamResponse:
        tokens.check(route.access, request.remote, request.headers)
        return await (routing(request, answer) if route.of_models else answer(request))

    return handle


class _Guard:
    """Around every request, also those to no route."""

    def __init__(self, per_second: int, now_ms: Callable[[], int]) -> None:
        self._rates = Rates(per_second)
        self._now_ms = now_ms
        self._at_once = 0

    async def __call__(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        self._at_once += 1
        try:
            response = await self._answer(request, handler)
        finally:
            self._at_once -= 1
        for name, value in _HEADERS.items():
            response.headers[name] = value
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        return response

    async def _answer(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            self._admit(request)
            return await handler(request)
        except Problem as problem:
            return problem.response()
        except (UnavailableError, BrokerError) as exc:
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(exc), headers=_AGAIN).response()
        except web.HTTPException as exc:
            return _of_aiohttp(exc).response()
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            return Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "the worker could not answer; its log says why",
            ).response()

    def _admit(self, request: web.Request) -> None:
        wait_s = self._rates.take(request.remote or "", self._now_ms())
        if wait_s:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many requests from this address (api.max_requests); send many events in one",
                headers={"Retry-After": str(wait_s)},
            )
        if self._at_once > MAX_AT_ONCE:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{MAX_AT_ONCE} requests are being answered; ask again in a moment",
                headers=_AGAIN,
            )


def _of_aiohttp(exc: web.HTTPException) -> Problem:
    status = HTTPStatus(exc.status)
    allow = exc.headers.get("Allow")
    match status:
        case HTTPStatus.NOT_FOUND:
            detail = "there is nothing at this path; /docs lists what there is"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            detail = f"this path takes {allow}"
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            detail = "the body is larger than api.max_body_bytes; send it in several requests"
        case _:
            detail = status.phrase
    return Problem(status, detail, headers={} if allow is None else {"Allow": allow})
