"""The report of a period, from what a view still has of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import msgspec
from aiohttp import web

from stream_monitor.config.settings import ModelSettings
from stream_monitor.errors import DataError
from stream_monitor.reports.document import document
from stream_monitor.reports.history import Gathering
from stream_monitor.reports.page import render
from stream_monitor.views.protocol import Report, View
from stream_monitor.web.api.problems import Fault, unprocessable
from stream_monitor.web.api.requests import ReportQuery

#: The page brings its styles with it, has no script and loads nothing.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
#: Windows of a report; a view keeps a few hundred.
MAX_WINDOWS = 2_000


async def report(
    view: View, settings: Callable[[str], ModelSettings], query: ReportQuery, now_ms: int
) -> web.Response:
    """The page, or the same as JSON.

    Raises :class:`ProblemError` for a period that ends before it begins.
    """
    since_ms = 0 if query.since is None else query.since
    until_ms = now_ms if query.until is None else query.until
    try:
        gathering = Gathering(query.model, since_ms, until_ms, settings(query.model))
    except DataError as exc:
        raise unprocessable([Fault(path="query.until", message=str(exc))]) from None
    windows = await view.history(query.model, since_ms, until_ms, MAX_WINDOWS)
    alerts = await view.alerts(query.model)
    # Off the loop: hundreds of windows take a second or so.
    body, media = await asyncio.to_thread(_made, gathering, windows, alerts, query.format)
    headers = {"Content-Security-Policy": POLICY} if media == "text/html" else {}
    return web.Response(
        status=HTTPStatus.OK, body=body, content_type=media, charset="utf-8", headers=headers
    )


def _made(
    gathering: Gathering, windows: list[Report], alerts: list[Report], form: str
) -> tuple[bytes, str]:
    for each in windows:
        gathering.report(each)
    for each in alerts:
        gathering.alert(each)
    history = gathering.history()
    if form == "json":
        return msgspec.json.encode(document(history)), "application/json"
    return render(history).encode(), "text/html"
