"""The report of a period, from what the view or the topics still have of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import msgspec
from aiohttp import web

from stream_monitor.config.settings import ModelSettings
from stream_monitor.errors import DataError
from stream_monitor.reports.document import document
from stream_monitor.reports.history import Gathering, History
from stream_monitor.reports.page import render
from stream_monitor.views.protocol import View
from stream_monitor.web.api.ports import Archive
from stream_monitor.web.api.problems import Fault, unknown, unprocessable
from stream_monitor.web.api.requests import ReportQuery

#: The page brings its styles with it, has no script and loads nothing.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
#: A report's windows and facts, of which it holds the newest: some 50 MB while it is made.
MAX_WINDOWS, MAX_FACTS = 5_000, 500_000
#: Documents of the view at a time: a large one is a megabyte as objects.
_CHUNK = 50


async def report(
    view: View,
    archive: Archive,
    settings: Callable[[str], ModelSettings],
    query: ReportQuery,
    now_ms: int,
) -> web.Response:
    """The page, or the same as JSON: of what the view keeps, and of what it keeps no more.

    The topics are read only for a period that begins before the view's memory does.

    Raises :class:`ProblemError` for a period that ends before it begins, and for a model of which
    there is nothing.
    """
    model, since_ms = query.model, query.since
    until_ms = now_ms if query.until is None else query.until
    try:
        gathering = Gathering(
            model,
            since_ms,
            until_ms,
            settings(model),
            max_windows=MAX_WINDOWS,
            max_facts=MAX_FACTS,
        )
    except DataError as exc:
        raise unprocessable([Fault(path="query.until", message=str(exc))]) from None
    if since_ms is not None and not await view.history(model, 0, since_ms - 1, 1):
        await archive.read(model, since_ms, gathering)
    await _kept(view, model, since_ms or 0, until_ms, gathering)
    history = gathering.history()
    if not history.windows:
        names = [card.model for card in await view.models()]
        if model not in names:
            raise unknown("model", model, names)
    # Off the loop: hundreds of windows take a second or so.
    body, media = await asyncio.to_thread(_made, history, query.format)
    headers = {"Content-Security-Policy": POLICY} if media == "text/html" else {}
    return web.Response(
        status=HTTPStatus.OK, body=body, content_type=media, charset="utf-8", headers=headers
    )


async def _kept(view: View, model: str, since_ms: int, until_ms: int, gathering: Gathering) -> None:
    for alert in await view.alerts(model):
        gathering.alert(alert)
    before_ms: int | None = None
    while True:
        windows = await view.history(model, since_ms, until_ms, _CHUNK)
        for each in windows:
            gathering.report(each)
        if len(windows) < _CHUNK:
            return
        # Two references can have judged the same window: its end is asked for once more.
        last_ms = int(windows[-1]["window"]["end_ms"])
        until_ms = last_ms if last_ms != before_ms else last_ms - 1
        before_ms = last_ms


def _made(history: History, form: str) -> tuple[bytes, str]:
    if form == "json":
        return msgspec.json.encode(document(history)), "application/json"
    return render(history).encode(), "text/html"
