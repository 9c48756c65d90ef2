"""What the topics still have of a period, for whoever asks a worker for a report."""

from __future__ import annotations

import asyncio

from stream_monitor.config.settings import Settings
from stream_monitor.kafka.reach import reached
from stream_monitor.kafka.told import read_told
from stream_monitor.reports.history import Gathering
from stream_monitor.views.protocol import UnavailableError

#: What one reading may take: bytes of the topics, of all models, and seconds.
MAX_BYTES, MAX_S = 2**30, 20.0


class Archive:
    """Reads the topics back, for one question at a time and within bounds."""

    def __init__(
        self, settings: Settings, max_bytes: int = MAX_BYTES, max_s: float = MAX_S
    ) -> None:
        self._settings = settings
        self._max_bytes, self._max_s = max_bytes, max_s
        self._one = asyncio.Lock()

    async def read(self, model: str, since_ms: int, gathering: Gathering) -> None:
        """Put a model's reports from a time on, and its alerts, into ``gathering``.

        It is ``cut`` where a bound has ended the reading.

        Raises:
            UnavailableError: another reading is under way.
            BrokerError: Kafka does not answer.
        """
        if self._one.locked():
            raise UnavailableError(
                "another report is being read from the topics; ask again in a moment"
            )
        async with self._one:
            try:
                async with (
                    asyncio.timeout(self._max_s),
                    reached(self._settings.kafka) as topics,
                ):
                    await read_told(
                        self._settings,
                        topics,
                        model,
                        since_ms,
                        gathering,
                        most_bytes=self._max_bytes,
                    )
            except TimeoutError:
                gathering.cut = True
