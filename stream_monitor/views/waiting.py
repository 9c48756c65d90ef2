"""A view that says so while it is still reading what was published before."""

from __future__ import annotations

from collections.abc import Callable

from stream_monitor.views.protocol import ModelCard, Report, UnavailableError, View


class WaitingView:
    """``view`` once ``is_ready``; before that every question is :class:`UnavailableError`."""

    def __init__(self, view: View, is_ready: Callable[[], bool]) -> None:
        self._view = view
        self._is_ready = is_ready

    async def models(self) -> list[ModelCard]:
        return await self._now().models()

    async def latest(self, model: str) -> Report | None:
        return await self._now().latest(model)

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        return await self._now().history(model, since_ms, until_ms, limit)

    async def alerts(self, model: str | None) -> list[Report]:
        return await self._now().alerts(model)

    def _now(self) -> View:
        if not self._is_ready():
            raise UnavailableError(
                "this worker is still reading what was reported before, or cannot reach Kafka; "
                "ask again in a moment"
            )
        return self._view
