"""What only the owner of a partition may write is not written by one that was taken for dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    BrokerResponseError,
    IllegalGenerationError,
    NoError,
    NotCoordinatorForGroupError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.protocol.group import HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest

from stream_monitor.kafka.membership import Membership, NotAMemberError

SESSION_S = 10.0


@dataclass
class World:
    """A worker's coordinator and producer, whose broker answers what it is told to."""

    now_s: float = 100.0
    error: type[BrokerResponseError] = NoError
    takes_s: float = 0.0
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.membership = Membership(SESSION_S, lambda: self.now_s)

        async def answer(request: Any) -> Any:
            self.now_s += self.takes_s
            return SimpleNamespace(error_code=self.error.errno)

        async def send(node_id: int, request: Any, **options: Any) -> None:
            self.sent += [topic for topic, _ in getattr(request, "_topics", [("none", [])])]

        self.coordinator: Any = SimpleNamespace(_send_req=answer)
        self.client: Any = SimpleNamespace(send=send)
        self.membership.watch(self.coordinator)
        self.membership.guard(self.client, lambda topics: "owned" in topics)

    async def heartbeat(self, error: type[BrokerResponseError] = NoError) -> None:
        self.error = error
        await self.coordinator._send_req(HeartbeatRequest("group", 1, "member"))

    async def produce(self, *topics: str) -> None:
        await self.client.send(0, ProduceRequest(None, -1, 1000, [(t, []) for t in topics]))


def run(what: Callable[[World], Awaitable[None]]) -> World:
    world = World()

    async def within() -> None:
        await asyncio.wait_for(what(world), 20)

    asyncio.run(within())
    return world


def test_before_there_is_a_group_and_while_the_session_lasts_everything_is_sent() -> None:
    async def what(world: World) -> None:
        await world.produce("owned")
        await world.coordinator._send_req(SyncGroupRequest("group", 1, "member", None, []))
        world.now_s += SESSION_S - 0.1
        await world.produce("owned", "other")

    assert run(what).sent == ["owned", "owned", "other"]


@pytest.mark.parametrize("confirmed", [NoError, RebalanceInProgressError])
def test_a_write_waits_while_the_session_may_be_over_and_goes_on_when_it_is_not(
    confirmed: type[BrokerResponseError],
) -> None:
    async def what(world: World) -> None:
        await world.heartbeat()
        world.now_s += SESSION_S
        await world.produce("other")  # what anybody may say
        waiting = asyncio.create_task(world.produce("owned"))
        await world.heartbeat(NotCoordinatorForGroupError)
        await world.coordinator._send_req(LeaveGroupRequest("group", "member"))
        await asyncio.sleep(0.2)
        assert world.sent == ["other"]
        await world.heartbeat(confirmed)
        await waiting

    assert run(what).sent == ["other", "owned"]


def test_the_session_is_counted_from_the_question_and_not_from_the_answer() -> None:
    async def what(world: World) -> None:
        world.takes_s = SESSION_S
        await world.heartbeat()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(world.produce("owned"), 0.2)

    assert run(what).sent == []


@pytest.mark.parametrize("expelled", [UnknownMemberIdError, IllegalGenerationError])
def test_what_was_at_work_when_a_worker_was_expelled_is_never_sent(
    expelled: type[BrokerResponseError],
) -> None:
    async def what(world: World) -> None:
        await world.heartbeat()
        world.now_s += 60
        waiting = asyncio.create_task(world.produce("owned"))
        await asyncio.sleep(0)
        await world.heartbeat(expelled)
        with pytest.raises(NotAMemberError, match="start it again"):
            await waiting
        await world.heartbeat()  # it is a member again, and others have had its partitions
        with pytest.raises(NotAMemberError):
            await world.produce("owned")
        await world.produce("other")

    assert run(what).sent == ["other"]


def test_an_expelled_worker_that_had_nothing_at_work_goes_on_when_it_is_a_member_again() -> None:
    async def what(world: World) -> None:
        await world.heartbeat()
        await world.heartbeat(UnknownMemberIdError)
        await world.heartbeat()
        await world.produce("owned")

    assert run(what).sent == ["owned"]
