"""A Redis that has lost its history gets it back from what was published."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

import pytest

from stream_monitor.errors import BrokerError
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.testing.redis import RedisServer
from stream_monitor.views import refill
from stream_monitor.web.health import health_document
from tests.views.sites import Site, at, everything, knows, now_ms, soon, working, wrote
from tests.views.worlds import alert, open_alert, report


class Topics:
    """What workers have published; it can be read as often as one likes."""

    def __init__(self, *publishes: Publish, age_ms: int = 0) -> None:
        self.published = [(now_ms() - age_ms, publish) for publish in publishes]
        self.reads = 0
        self.trouble: BrokerError | None = None
        self.halfway = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def read(self) -> AsyncGenerator[Sequence[tuple[int, Publish]], None]:
        self.reads += 1
        if self.trouble is not None:
            raise self.trouble
        half = len(self.published) // 2
        for some in (self.published[:half], self.published[half:]):
            yield some
            self.halfway.set()
            await self.go_on.wait()


def filled(site: Site) -> bool:
    return site.status.connected and site.status.writes >= 0 and not site.status.refilling


async def is_filled(site: Site, documents: int) -> None:
    await soon(lambda: site.status.refilled >= documents and filled(site), "it is refilled")


def test_a_redis_that_is_flushed_while_no_worker_runs_has_its_history_again(
    own: RedisServer,
) -> None:
    said = [*(report(n) for n in range(20)), report(3, revision=1), alert("a", 2, recovered=4)]

    async def play() -> None:
        topics = Topics(*said)
        async with working(at(own), topics.read) as site:
            site.say(*said)
            await soon(wrote(site, 22), "it is written")
            await is_filled(site, 22)
            before = await everything(site)
        own.ask("FLUSHALL")
        async with working(at(own), topics.read) as site:
            await is_filled(site, 22)
            assert await everything(site) == before
            assert len(before[1]) == 20
            health = health_document(site.board.show(site.read()), now_ms())["redis"]
            assert (health["refilling"], health["refilled"]) == (False, 22)
        assert topics.reads == 2

    asyncio.run(play())


def test_a_redis_that_is_replaced_by_an_empty_one_has_its_history_again(own: RedisServer) -> None:
    async def play() -> None:
        topics = Topics(*(report(n) for n in range(20)))
        async with working(at(own), topics.read) as site:  # started anew: it has no report
            await is_filled(site, 20)
            await asyncio.to_thread(own.stop)
            await soon(lambda: not site.status.connected, "it is noticed")
            await asyncio.to_thread(own.start)
            await is_filled(site, 40)
            assert len((await everything(site))[1]) == 20

    asyncio.run(play())


def test_a_redis_that_has_its_history_is_not_refilled_by_a_worker_that_starts(
    own: RedisServer,
) -> None:
    async def play() -> None:
        topics = Topics(report(0), report(1))
        for _ in range(2):
            async with working(at(own), topics.read) as site:
                await soon(partial(filled, site), "it is full")
                await asyncio.sleep(1.5)
        assert topics.reads == 1

    asyncio.run(play())


def test_of_many_workers_one_refills_and_all_say_that_it_is_going_on(own: RedisServer) -> None:
    async def play() -> None:
        topics = Topics(*(report(n) for n in range(10)))
        topics.go_on.clear()
        async with (
            working(at(own), topics.read) as one,
            working(at(own), topics.read, models=[]) as other,
        ):
            await topics.halfway.wait()
            await soon(lambda: one.status.refilling and other.status.refilling, "all say it")
            await asyncio.sleep(1)
            topics.go_on.set()
            await soon(lambda: filled(one) and filled(other), "and that it is over")
            assert one.status.refilled + other.status.refilled == 10
        assert topics.reads == 1

    asyncio.run(play())


def test_a_redis_that_is_flushed_in_the_middle_of_a_refill_is_refilled_again(
    own: RedisServer,
) -> None:
    async def play() -> None:
        topics = Topics(*(report(n) for n in range(10)))
        topics.go_on.clear()
        async with working(at(own), topics.read, models=[]) as site:
            await topics.halfway.wait()
            own.ask("FLUSHALL")
            topics.go_on.set()
            await soon(lambda: topics.reads == 2, "it begins again")
            await soon(lambda: filled(site), "it is refilled")
            assert len((await everything(site))[1]) == 10

    asyncio.run(play())


def test_what_is_newer_in_redis_stays_and_what_is_too_old_is_left_out(own: RedisServer) -> None:
    async def play() -> None:
        topics = Topics(report(0), report(1, revision=1), alert("a"))
        old = Topics(report(7, "gone"), age_ms=3_700_000)
        topics.published = old.published + topics.published
        odd = [Publish(Stream.REPORTS, "m", "", made) for made in ({"a": 1}, {})]
        topics.published += [(now_ms(), publish) for publish in odd]
        async with working(at(own, ttl_ms=3_600_000), topics.read, models=[]) as site:
            site.say(report(1), report(1, revision=2), alert("a", 2, recovered=1))
            await is_filled(site, 3)
            await soon(lambda: not site.status.waiting, "it is written")
            newest, history, alerts = await everything(site)
            assert [r["revision"] for r in history] == [2, 0]
            assert newest["revision"] == 2
            assert [a["status"] for a in alerts] == ["recovered"]
            assert [card.model for card in await site.board.view.models()] == ["m"]

    asyncio.run(play())


def test_an_open_alert_that_a_refill_brings_and_its_owner_does_not_know_is_taken_out(
    own: RedisServer,
) -> None:
    async def play() -> None:
        topics = Topics(report(0), alert("a"), alert("b"))
        async with working(at(own), topics.read, alerts=[open_alert("b")]) as site:
            await is_filled(site, 3)

            async def settled() -> bool:
                return {a["alert_id"] for a in await site.board.view.alerts("m")} == {"b"}

            await soon(settled, "only what is open in the worker's state is open")

    asyncio.run(play())


def test_topics_that_cannot_be_read_are_said_to_health_and_tried_again(
    own: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refill, "_AGAIN_S", 0.05)

    async def play() -> None:
        topics = Topics(report(0))
        topics.trouble = BrokerError("Kafka does not answer")
        async with working(at(own), topics.read) as site:
            await soon(lambda: topics.reads >= 1, "it is tried")
            await soon(lambda: "Kafka does not answer" in site.status.problem, "it is said")
            assert site.status.refilling
            assert site.status.connected
            topics.trouble = None
            await is_filled(site, 1)
            await soon(lambda: not site.status.problem, "it is over")
            await soon(lambda: knows(site, "m", 0), "and there")

    asyncio.run(play())
