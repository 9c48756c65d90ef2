"""Acts and scenarios played onto the topics, one at a time: what POST /simulate starts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from stream_monitor.alerts.times import rfc3339
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import StreamMonitorError
from stream_monitor.kafka.references import publish
from stream_monitor.kafka.replay import replay, send_labels
from stream_monitor.reference.registry import References
from stream_monitor.scenarios.acts import Act
from stream_monitor.scenarios.now import CannotPlayError, ending_at
from stream_monitor.scenarios.playable import names, playable

log = logging.getLogger(__name__)


class Simulator:
    """Plays acts for a worker whose references are ``references``; ``now_ms`` is the clock."""

    def __init__(
        self, kafka: KafkaSettings, references: References, now_ms: Callable[[], int]
    ) -> None:
        self._kafka = kafka
        self._references = references
        self._now_ms = now_ms
        self._playing: asyncio.Task[None] | None = None
        self._busy = False

    @property
    def names(self) -> Sequence[str]:
        """The acts and scenarios there are."""
        return names()

    async def start(self, name: str, seed: int) -> dict[str, Any]:
        """Publish an act's reference and send its events from now on; what is to be found.

        Raises:
            CannotPlayError: one is playing, or the model has another reference.
            BrokerError: Kafka cannot be reached.
        """
        if self._busy:
            raise CannotPlayError("another scenario is being sent; ask again when it is through")
        self._busy = True
        try:
            act, first, last = await self._prepare(name, seed)
        except BaseException:
            self._busy = False
            raise
        self._playing = asyncio.create_task(self._play(act))
        truth = act.truth
        return {
            "scenario": act.name,
            "story": act.story,
            "model": act.reference.model,
            "reference_hash": act.reference.hash,
            "events": act.rows,
            "start": rfc3339(first),
            "end": rfc3339(last),
            "drifted": None if truth is None else sorted(truth.drifted),
            "missing": None if truth is None else sorted(truth.missing),
        }

    async def run(self) -> None:
        """Wait to be cancelled, and end what is being sent then."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._playing is not None:
                self._playing.cancel()
                await asyncio.wait([self._playing])

    async def _prepare(self, name: str, seed: int) -> tuple[Act, int, int]:
        made = await asyncio.to_thread(playable, name, seed)
        model = made.reference.model
        known = self._references.current(model)
        if known is not None and known.hash != made.reference.hash:
            raise CannotPlayError(
                f"{model} has the reference {known.hash}, which is not this scenario's; withdraw "
                "it, or use the seed that it was made with"
            )
        moved = await asyncio.to_thread(ending_at, made, self._now_ms())
        await publish(made.reference, self._kafka)
        return moved

    async def _play(self, act: Act) -> None:
        try:
            await replay(act.batches(), self._kafka)
            if act.labels is not None:
                await send_labels([act.labels], self._kafka)
        except StreamMonitorError as exc:
            log.error("the scenario %s was not sent to its end: %s", act.name, exc)
        finally:
            self._busy = False
