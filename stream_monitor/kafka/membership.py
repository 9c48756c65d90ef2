"""Whether the group still counts this worker in, and who may write what only an owner may.

A worker that stood still for longer than its session (a paused machine, a stopped process) wakes
with records that it had fetched and writes that it had queued, and its partitions are others' by
then. Offsets it cannot commit, as the broker knows its generation. But its writes to a changelog
would replace what the new owner has written, and its reports would be of what it knew. So a
request with such topics waits while the session may be over, and is refused, with all after it,
when the broker has said that it is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Set
from typing import Any

from aiokafka.errors import (
    IllegalGenerationError,
    KafkaError,
    NoError,
    RebalanceInProgressError,
    UnknownMemberIdError,
    for_code,
)
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

_LOOK_S = 0.05


class NotAMemberError(KafkaError):
    """The worker was away for longer than its session: what it had at work is another's now."""


def _now_s() -> float:
    # It goes on while a machine sleeps, where the system has such a clock.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Membership:
    """What the broker has said last; written by the consumer's thread, read by the producer's."""

    def __init__(self, session_s: float, now_s: Callable[[], float] = _now_s) -> None:
        self._session_s = session_s
        self._now_s = now_s
        self._until_s: float | None = None  # before the first group nothing is anybody's
        self._expelled = False
        self._refused = False

    def confirmed(self, asked_s: float) -> None:
        """The broker has answered what it was asked then: the worker is a member."""
        self._until_s = asked_s + self._session_s
        self._expelled = False

    def expelled(self) -> None:
        """The broker has said that the worker is no member."""
        self._expelled = True

    async def owned(self) -> None:
        """Return when the worker is surely a member.

        Raises:
            NotAMemberError: it was expelled. From then on always: what is refused has a successor.
        """
        while True:
            if self._expelled or self._refused:
                self._refused = True
                raise NotAMemberError(
                    "this worker stood still for longer than worker.session_timeout and others "
                    "have its partitions; start it again"
                )
            if self._until_s is None or self._now_s() < self._until_s:
                return
            await asyncio.sleep(_LOOK_S)

    def watch(self, coordinator: Any) -> None:
        """Hear what aiokafka's coordinator is answered."""
        send = coordinator._send_req

        async def heard(request: Any) -> Any:
            asked_s = self._now_s()
            answer = await send(request)
            if isinstance(request, HeartbeatRequest | SyncGroupRequest):
                self._hear(for_code(answer.error_code), asked_s)
            return answer

        vars(coordinator)["_send_req"] = heard

    def guard(self, client: Any, is_owners: Callable[[Set[str]], bool]) -> None:
        """Let a producer's client send what ``is_owners`` says of its topics only as a member.

        It is the last step before the socket: what waited in the producer's queue passes it too.
        """
        send = client.send

        async def guarded(node_id: Any, request: Any, **options: Any) -> Any:
            if isinstance(request, ProduceRequest) and is_owners({t for t, _ in request._topics}):
                await self.owned()
            return await send(node_id, request, **options)

        vars(client)["send"] = guarded

    def _hear(self, said: type[KafkaError], asked_s: float) -> None:
        if issubclass(said, UnknownMemberIdError | IllegalGenerationError):
            self.expelled()
        elif issubclass(said, NoError | RebalanceInProgressError):
            self.confirmed(asked_s)
