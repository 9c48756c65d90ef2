"""What a worker answers from: the view of all models, or its own while the shared one is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from stream_monitor.views.local import LocalView
from stream_monitor.views.protocol import ModelCard, Report, Source, Told, UnavailableError, View

#: So long a shared view that did not answer is not asked again: one that hangs takes each time
#: as long as a request may.
REST_MS = 1_000

_Answer = TypeVar("_Answer")


class Patient:
    """A shared view for all requests, that is left alone for a while when it does not answer.

    ``now_ms`` is the clock.
    """

    def __init__(self, view: View, now_ms: Callable[[], int]) -> None:
        self._view = view
        self._now_ms = now_ms
        self._gone: UnavailableError | None = None
        self._gone_at_ms = 0

    async def ask(self, question: Callable[[View], Awaitable[_Answer]]) -> _Answer:
        """The answer of the view, or ``UnavailableError``."""
        if self._gone is not None and 0 <= self._now_ms() - self._gone_at_ms < REST_MS:
            raise UnavailableError(str(self._gone))
        try:
            answer = await question(self._view)
        except UnavailableError as gone:
            self._gone, self._gone_at_ms = gone, self._now_ms()
            raise
        self._gone = None
        return answer


class SharedView:
    """Asks the shared view, and the worker's own where that does not answer.

    Without the shared view ``models`` and ``alerts`` of all models are those of this worker, and
    a question about a model of another worker raises ``UnavailableError``. To be made for each
    request: :attr:`told` is of the worker where any part of the answer is.
    """

    def __init__(self, shared: Patient, local: LocalView) -> None:
        self._shared = shared
        self._local = local
        self.told = Told(Source.REDIS)

    async def models(self) -> list[ModelCard]:
        """Every model known, by name."""
        try:
            found = await self._shared.ask(lambda view: view.models())
        except UnavailableError:
            self.told = self._local.told
            return await self._local.models()
        return self._local.with_waiting(found)

    async def latest(self, model: str) -> Report | None:
        """The newest report, with what its newest revision has changed."""
        try:
            return await self._shared.ask(lambda view: view.latest(model))
        except UnavailableError as gone:
            return await self._own(model, gone).latest(model)

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        """Reports by window end in [since, until], the newest revision of each, newest first."""
        try:
            return await self._shared.ask(
                lambda view: view.history(model, since_ms, until_ms, limit)
            )
        except UnavailableError as gone:
            return await self._own(model, gone).history(model, since_ms, until_ms, limit)

    async def alerts(self, model: str | None) -> list[Report]:
        """The last event of each alert that is open or ended in the kept time, newest first."""
        try:
            return await self._shared.ask(lambda view: view.alerts(model))
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
