"""A view of what was published, by everybody: how old it is, and a no until it was read."""

from __future__ import annotations

from collections.abc import Callable

from stream_monitor.views.protocol import ModelCard, Report, Source, Told, UnavailableError, View


class PublishedView:
    """``view`` once it was fed all that there was; before that :class:`UnavailableError`.

    ``age_ms`` says how long ago that was the last time; ``None``: not yet.
    """

    def __init__(self, view: View, age_ms: Callable[[], int | None]) -> None:
        self._view = view
        self._age_ms = age_ms

    @property
    def told(self) -> Told:
        """From the topics."""
        return Told(Source.TOPICS, self._age_ms() or 0)

    async def models(self) -> list[ModelCard]:
        return await self._now().models()

    async def latest(self, model: str) -> Report | None:
        return await self._now().latest(model)

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        return await self._now().history(model, since_ms, until_ms, limit)

    async def alerts(self, model: str | None) -> list[Report]:
        return await self._now().alerts(model)

    def _now(self) -> View:
        if self._age_ms() is None:
            raise UnavailableError(
                "this worker is still reading what was reported before, or cannot reach Kafka; "
                "ask again in a moment"
            )
        return self._view
