"""A question about one model goes to the worker that judges it.

Without a shared view its owner is asked first, and what was published answers where the owner
cannot be asked; with one, the owner is asked only while the shared view does not answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus

from aiohttp import web

from stream_monitor.views.owner import Owner
from stream_monitor.views.protocol import Source, Told, UnavailableError
from stream_monitor.web.api.peers import ASKED, Peers
from stream_monitor.web.api.ports import Owners
from stream_monitor.web.api.problems import ProblemError

#: From where an answer is, and the id of the worker that made it.
SOURCE, WORKER, AGE = "Monitor-Source", "Monitor-Worker", "Age"

_Handler = Callable[[web.Request], Awaitable[web.Response]]


class Routing:
    """Answers questions about models, here or by their owner.

    ``shared``: whether the worker has a view that all share.
    """

    def __init__(self, owners: Owners, peers: Peers, *, shared: bool) -> None:
        self._owners = owners
        self._peers = peers
        self._shared = shared

    async def __call__(self, request: web.Request, answer: _Handler) -> web.Response:
        """The owner's answer, or that of ``answer``, which is this worker's."""
        model = request.query.get("model")
        owner = self._owners.of(model) if model else None
        me = self._owners.me
        if ASKED in request.headers:
            if owner is None or not owner.id == me == request.headers[ASKED]:
                raise ProblemError(
                    HTTPStatus.MISDIRECTED_REQUEST,
                    f"this worker does not own the model; ask without the header {ASKED}",
                )
            return self._signed(await answer(request), is_owner=True)
        is_owner = owner is not None and owner.id == me
        if self._shared or owner is None or is_owner:
            try:
                return self._signed(await answer(request), is_owner=is_owner)
            except UnavailableError:
                passed = None if is_owner else await self._pass_on(request, owner)
                if passed is None:
                    raise
                return passed
        passed = await self._pass_on(request, owner)
        return passed or self._signed(await answer(request), is_owner=False)

    async def _pass_on(self, request: web.Request, owner: Owner | None) -> web.Response | None:
        if owner is None:
            return None
        token = request.headers.get("Authorization")
        got = await self._peers.ask(owner, request.rel_url.raw_path_qs, token)
        if got is None:
            return None
        response = web.Response(body=got.body, headers=got.headers)
        sign(response.headers, Told(Source.OWNER))
        response.headers[WORKER] = owner.id
        return response

    def _signed(self, response: web.Response, *, is_owner: bool) -> web.Response:
        if is_owner and response.headers.get(SOURCE) != Source.REDIS:
            sign(response.headers, Told(Source.OWNER))
        response.headers[WORKER] = self._owners.me
        return response


def sign(headers: MutableMapping[str, str], told: Told) -> None:
    """Say from where an answer is, and how old in whole seconds."""
    headers[SOURCE] = told.source.value
    headers[AGE] = str(told.age_ms // 1000)
