"""What a process has sent and the broker may not have yet."""

from __future__ import annotations

from collections.abc import Sequence


class Wire:
    """Sends of one process to several logs: each log gets them in order, and no two in step.

    A crash loses a suffix of what each log was to get, longer for some than for others.
    """

    def __init__(self) -> None:
        self._sent: dict[int, tuple[list[bytes], list[bytes]]] = {}  # by log: it, what it lacks

    def send(self, log: list[bytes], data: bytes) -> None:
        """Queue a message."""
        self._sent.setdefault(id(log), (log, []))[1].append(data)

    def deliver(self) -> None:
        """Every log has everything."""
        self._deliver([1.0])

    def lose(self, kept: Sequence[float]) -> None:
        """The process is gone: each log in turn has got one of these shares of what it lacked."""
        self._deliver(kept)
        self._sent.clear()

    def _deliver(self, shares: Sequence[float]) -> None:
        for number, (log, lacking) in enumerate(self._sent.values()):
            got = round(len(lacking) * shares[number % len(shares)])
            log += lacking[:got]
            del lacking[:got]
