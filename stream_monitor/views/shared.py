"""What a worker answers from: the view of all models, or its own while the shared one is gone."""

from __future__ import annotations

from stream_monitor.views.local import LocalView
from stream_monitor.views.protocol import ModelCard, Report, Source, Told, UnavailableError, View


class SharedView:
    """Asks the shared view, and the worker's own where that does not answer.

    Without the shared view ``models`` and ``alerts`` of all models are those of this worker, and
    a question about a model of another worker raises ``UnavailableError``. To be made for each
    request: :attr:`told` is of the worker where any part of the answer is.
    """

    def __init__(self, shared: View, local: LocalView) -> None:
        self._shared = shared
        self._local = local
        self.told = Told(Source.REDIS)

    async def models(self) -> list[ModelCard]:
        """Every model known, by name."""
        try:
            return self._local.with_waiting(await self._shared.models())
        except UnavailableError:
            self.told = self._local.told
            return await self._local.models()

    async def latest(self, model: str) -> Report | None:
        """The newest report, with what its newest revision has changed."""
        try:
            return await self._shared.latest(model)
        except UnavailableError as gone:
            return await self._own(model, gone).latest(model)

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        """Reports by window end in [since, until], the newest revision of each, newest first."""
        try:
            return await self._shared.history(model, since_ms, until_ms, limit)
        except UnavailableError as gone:
            return await self._own(model, gone).history(model, since_ms, until_ms, limit)

    async def alerts(self, model: str | None) -> list[Report]:
        """The last event of each alert that is open or ended in the kept time, newest first."""
        try:
            return await self._shared.alerts(model)
        except UnavailableError as gone:
            self.told = self._local.told
            own = self._local if model is None else self._own(model, gone)
            return await own.alerts(model)

    def _own(self, model: str, gone: UnavailableError) -> LocalView:
        """The worker's own view, if it has the model."""
        if model not in self._local.known:
            raise gone
        self.told = self._local.told
        return self._local
