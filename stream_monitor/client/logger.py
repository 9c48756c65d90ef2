"""The loggers that a model server holds, one a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from stream_monitor.client.base import BaseLogger
from stream_monitor.client.courier import EXIT_TIMEOUT_S


class PredictionLogger(BaseLogger):
    """Logs a model's predictions; ``with`` it, or ``close`` it, or leave it to the exit.

    >>> logger = PredictionLogger("credit", bootstrap_servers="127.0.0.1:9092")
    >>> logger.close()
    True
    """

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Send all that was logged before; whether all of it is settled in this time."""
        return self._courier.flush(timeout_s)

    def close(self, timeout_s: float = EXIT_TIMEOUT_S) -> bool:
        """Send what is left and stop; False where rows were lost, now or earlier.

        What Kafka has not acknowledged in this time is counted as lost.
        """
        return self._close(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncPredictionLogger(BaseLogger):
    """The same for asyncio: ``log`` does not wait and so needs no ``await``; the rest does."""

    async def flush(self, timeout_s: float = 10.0) -> bool:
        """Send all that was logged before; whether all of it is settled in this time."""
        return await _in_thread(self._courier.flush, timeout_s)

    async def close(self, timeout_s: float = EXIT_TIMEOUT_S) -> bool:
        """Send what is left and stop; False where rows were lost, now or earlier."""
        return await _in_thread(self._close, timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _in_thread(call: Callable[[float], bool], timeout_s: float) -> bool:
    import asyncio  # whoever awaits has it imported

    return await asyncio.to_thread(call, timeout_s)
