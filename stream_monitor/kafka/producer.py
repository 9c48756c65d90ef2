"""Faust's producer, whose ``flush`` can be relied on before a commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from faust.exceptions import ProducerSendError
from faust.transport.drivers import aiokafka as driver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Set

    from faust.tables.manager import TableManager
    from faust.types.tuples import FutureMessage, RecordMetadata

    from stream_monitor.kafka.transport import Transport

_STEP_S = 0.1  # how often a waiting flush looks for a failure


class Producer(driver.Producer):
    """Faust's producer whose ``flush`` means it: everything sent is settled.

    Attributes:
        failure: the first send that failed or stayed unanswered. Nothing may be committed
            after that: the worker has to restart.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._outstanding: set[asyncio.Future[RecordMetadata]] = set()
        self.failure: BaseException | None = None
        super().__init__(*args, **kwargs)

    def _settings_default(self) -> Mapping[str, Any]:
        # With numbers in its batches, of one partition none arrives twice, or late behind its
        # successor, or after one that was given up: what a partition has is a prefix of the sends.
        return {**super()._settings_default(), "enable_idempotence": True}

    def _new_producer(self, transactional_id: str | None = None) -> Any:
        producer: Any = super()._new_producer(transactional_id)
        cast("Transport", self.app.transport).membership.guard(producer.client, self._is_owners)
        return producer

    def _is_owners(self, topics: Set[str]) -> bool:
        owned = cast("Transport", self.app.transport).owned
        changelogs = cast("TableManager", self.app.tables)._changelogs
        return not (topics.isdisjoint(owned) and topics.isdisjoint(changelogs))

    def _watch(self, sent: asyncio.Future[RecordMetadata]) -> None:
        self._outstanding.add(sent)
        sent.add_done_callback(self._settle)

    def _settle(self, sent: asyncio.Future[RecordMetadata]) -> None:
        self._outstanding.discard(sent)
        if not sent.cancelled() and sent.exception() is not None:
            self.failure = self.failure or sent.exception()

    def send_soon(self, fut: FutureMessage) -> None:
        """Queue a message; table writes come this way."""
        self._watch(fut)
        super().send_soon(fut)

    async def send(self, *args: Any, **kwargs: Any) -> Awaitable[RecordMetadata]:
        """Hand a message to aiokafka; the result resolves when the broker has it."""
        try:
            sent = await super().send(*args, **kwargs)
        except ProducerSendError as error:  # a table write has no caller to tell
            self.failure = self.failure or error
            raise
        self._watch(cast("asyncio.Future[RecordMetadata]", sent))
        return sent

    async def flush(self) -> None:
        """Wait until everything sent before this call is acknowledged, or a send has failed."""
        silent = set(self._outstanding)
        # A record waits for its batch's request, and that for one retry at least.
        patience = 2 * self.request_timeout / _STEP_S
        while silent and self.failure is None:
            _, silent = await asyncio.wait(silent, timeout=_STEP_S)
            patience -= 1
            if silent and self.app.crashed:  # nobody sends any more what is queued
                self.failure = ProducerSendError("the worker crashed before all was sent")
            if silent and patience <= 0:
                self.failure = ProducerSendError(f"{len(silent)} sends were never acknowledged")
