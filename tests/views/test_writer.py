"""The writer with a real Redis: what arrives, who wins, and what becomes of it when Redis goes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from stream_monitor.config.load import load
from stream_monitor.config.redis import RedisSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.testing.listeners import make_certificates
from stream_monitor.testing.redis import RedisServer
from stream_monitor.views.board import Board
from stream_monitor.views.protocol import UnavailableError
from stream_monitor.web.health import health_document
from tests.views.sites import EVER, Site, at, everything, knows, now_ms, soon, working, wrote
from tests.views.worlds import alert, end_of, open_alert, report


def test_what_one_worker_publishes_another_one_can_tell(own: RedisServer) -> None:
    said = [report(0), report(1), report(0, revision=1), alert("a"), alert("b", 2, recovered=1)]

    async def play() -> None:
        settings = at(own)
        async with (
            working(settings, alerts=[open_alert("a")]) as one,
            working(settings, models=["other"]) as two,
        ):
            one.say(*said)
            two.say(report(3, "other"))
            await soon(lambda: knows(two, "m", 1), "the newest window arrives")
            await soon(wrote(one, 5), "all of it is written")
            for site in (one, two):
                view = site.board.view
                newest, before = await view.history("m", *EVER)
                assert newest == await view.latest("m") == dict(said[1].document)
                assert before == {**said[0].document, **said[2].document}
                assert [a["alert_id"] for a in await view.alerts("m")] == ["a", "b"]
                cards = {card.model: card for card in await view.models()}
                assert cards.keys() == {"m", "other"}
                assert (cards["m"].window_end_ms, cards["m"].open_alerts) == (end_of(1), 1)
                assert cards["m"].drifted == ("feature:x",)
            assert one.board.local.known == {"m"}

    asyncio.run(play())


def test_an_old_owner_that_writes_late_changes_nothing(own: RedisServer) -> None:
    async def play() -> None:
        settings = at(own, history=3)
        async with working(settings) as new, working(settings, models=[]) as old:
            new.say(
                *(report(n) for n in range(4)), report(3, revision=2), alert("a", 2, recovered=3)
            )
            await soon(wrote(new, 6), "the new owner writes")
            before = await everything(new)
            old.say(report(0), report(3), report(3, revision=1), report(2), alert("a"))
            await soon(lambda: not old.status.waiting, "the old owner has said it")
            assert await everything(new) == await everything(old) == before
            assert [r["revision"] for r in before[1]] == [2, 0, 0]

    asyncio.run(play())


def test_a_redis_that_is_stopped_is_caught_up_with_and_the_worker_answers_meanwhile(
    own: RedisServer,
) -> None:
    async def play() -> None:
        async with working(at(own, queue=10), alerts=[open_alert("a")]) as site:
            site.say(report(0), alert("a"))
            await soon(wrote(site, 2), "it is written")
            await asyncio.to_thread(own.stop)
            await soon(lambda: not site.status.connected, "it is noticed")
            site.say(*(report(n) for n in range(1, 31)))
            assert site.status.waiting == 10
            assert site.status.dropped == 20
            await soon(lambda: site.status.failures >= 2, "it is tried again")
            assert await site.board.view.latest("m") == report(30).document
            assert len(await site.board.view.history("m", *EVER)) == 31
            health = health_document(site.board.show(site.read()), now_ms())
            assert health["ready"]
            assert health["redis"]["connected"] is False
            assert own.url in health["redis"]["problem"]
            with pytest.raises(UnavailableError, match="see redis in the settings"):
                await site.board.view.latest("another worker's")
            await asyncio.to_thread(own.start)
            await soon(lambda: site.status.connected, "it is back")
            async with working(at(own), models=[]) as other:
                await soon(lambda: knows(other, "m", 30), "and knows what it missed")
                assert len(await other.board.view.history("m", *EVER)) == 31
                assert [a["alert_id"] for a in await other.board.view.alerts("m")] == ["a"]
            health = health_document(site.board.show(site.read()), now_ms())
            assert health["redis"]["problem"] is None

    asyncio.run(play())


def test_a_redis_that_kept_its_memory_is_not_told_again_what_itknows(own: RedisServer) -> None:
    async def play() -> None:
        async with working(at(own)) as site:
            site.say(*(report(n) for n in range(20)))
            await soon(wrote(site, 20), "it is written")
            written = site.status.writes
            await asyncio.to_thread(lambda: own.stop(keep=True))
            await soon(lambda: not site.status.connected, "it is noticed")
            site.say(report(20))
            await asyncio.to_thread(own.start)
            await soon(lambda: site.status.connected and not site.status.waiting, "it is back")
            await soon(lambda: knows(site, "m", 20), "and gets what is new")
            # The new one can be written twice: as missing, and as waiting.
            assert site.status.writes - written in (1, 2)

    asyncio.run(play())


def test_a_redis_that_is_flushed_is_written_anew_in_full(own: RedisServer) -> None:
    async def play() -> None:
        async with working(at(own), alerts=[open_alert("a")]) as site:
            site.say(*(report(n) for n in range(5)), alert("a"))
            await soon(wrote(site, 6), "it is written")
            before = await everything(site)
            own.ask("FLUSHALL")
            own.ask("SCRIPT", "FLUSH")
            await soon(lambda: _is(site, before), "it is there again")
            assert site.status.failures == 0

    asyncio.run(play())


def test_a_redis_that_hangs_holds_nothing_up_and_is_caught_up_with(own: RedisServer) -> None:
    async def play() -> None:
        async with working(at(own, queue=50)) as site:
            site.say(report(0))
            await soon(wrote(site, 1), "it is written")
            own.freeze()
            try:
                slowest, clock = 0.0, asyncio.get_running_loop().time
                for n in range(1, 201):
                    began = clock()
                    site.say(report(n))
                    await asyncio.sleep(0.005)
                    slowest = max(slowest, clock() - began)
                assert slowest < 0.4, (
                    "less than one request may take, and than the event loop waits"
                )
                await soon(lambda: not site.status.connected, "it is noticed")
                health = health_document(site.board.show(site.read()), now_ms())
                assert health["ready"]
                assert health["redis"]["connected"] is False
                assert health["redis"]["waiting"] == 50
                assert health["redis"]["dropped"] == 150 == site.status.dropped
                began = clock()
                for _ in range(50):
                    assert await site.board.view.latest("m") == report(200).document
                assert clock() - began < 3, "not every answer waits as long as a request may take"
            finally:
                own.thaw()
            await soon(lambda: site.status.connected and not site.status.waiting, "it goes on")
            async with working(at(own), models=[]) as other:
                await soon(lambda: knows(other, "m", 200), "and is caught up with")
                assert len(await other.board.view.history("m", *EVER)) == 201

    asyncio.run(play())


def test_an_alert_whose_end_was_lost_with_its_worker_does_not_stay_open(own: RedisServer) -> None:
    async def play() -> None:
        async with working(at(own), alerts=[open_alert("a"), open_alert("b")]) as old:
            old.say(alert("a"), alert("b"))
            await soon(wrote(old, 2), "it is written")
        async with working(at(own), alerts=[open_alert("b"), open_alert("c")]) as new:
            await soon(lambda: _alerts(new, {"b", "c"}), "what its tables do not have is gone")
            b = next(a for a in await new.board.view.alerts("m") if a["alert_id"] == "b")
            assert b["sequence"] == 1, "what was published has more to say"

    asyncio.run(play())


def test_two_writers_at_once_leave_the_newest_of_everything(own: RedisServer) -> None:
    async def play() -> None:
        settings = at(own, history=50)
        async with working(settings) as one, working(settings) as two:
            for n in range(60):
                one.say(report(n), report(n, revision=n % 3 + 1))
                two.say(report(59 - n), report(n, revision=2), alert(f"{n % 4}", 1))
                two.say(alert(f"{n % 4}", 2, recovered=59))
                await asyncio.sleep(0)
            await soon(lambda: not one.status.waiting and not two.status.waiting, "all is said")
            reports = await one.board.view.history("m", *EVER)
            assert [r["window"]["end_ms"] for r in reports] == [end_of(n) for n in range(59, 9, -1)]
            assert [r["revision"] for r in reports] == [max(2, n % 3 + 1) for n in range(59, 9, -1)]
            assert {a["status"] for a in await one.board.view.alerts("m")} == {"recovered"}

    asyncio.run(play())


def test_memory_stays_within_the_history_however_long_it_goes_on(own: RedisServer) -> None:
    async def play() -> None:
        async with working(at(own, history=20, ttl_ms=3_600_000)) as site:
            used = []
            for lap in range(4):
                for n in range(lap * 250, (lap + 1) * 250):
                    site.say(report(n), report(n, revision=1), alert(f"{n}", 2, recovered=n))
                    if n % 25 == 0:
                        await asyncio.sleep(0.005)
                await soon(lambda: not site.status.waiting, "it is written")
                used.append(int(_info(own, "used_memory_dataset")))
            keys = own.ask("DBSIZE")
            assert int(keys) <= 11, "eight of the model, the models, a mark, a standing"
            assert used[-1] < 1.5 * used[0]
            assert len(await site.board.view.history("m", *EVER)) == 20

    asyncio.run(play())


def test_what_nobody_writes_any_more_is_gone_after_the_ttl(own: RedisServer) -> None:
    async def play() -> None:
        async with working(at(own, ttl_ms=300), models=[]) as site:
            site.say(report(0))
            await soon(wrote(site, 1), "it is written")
        await asyncio.sleep(0.4)
        assert own.ask("DBSIZE") == "0"

    asyncio.run(play())


def test_over_tls_with_a_password_that_nobody_sees(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = make_certificates(tmp_path)
    secret = "correct-horse"

    async def tried(settings: RedisSettings) -> str:
        async with working(settings) as site:
            site.say(report(0))
            await soon(lambda: site.status.connected or site.status.failures > 0, "it is tried")
            assert secret not in repr(site.board.show(site.read()))
            return site.status.problem

    def given(url: str, ca: Path | None = files.ca) -> RedisSettings:
        text = None if ca is None else f"redis: {{ca_file: {ca}}}"
        return load(text, {"REDIS_URL": url}, "test").redis

    with RedisServer(secret, files) as server:
        right = server.url.replace("//", f"//:{secret}@")
        assert asyncio.run(tried(given(right))) == ""
        wrong = asyncio.run(tried(given(server.url.replace("//", "//:wrong-horse@"))))
        assert "invalid username-password" in wrong
        assert "horse" not in wrong
        assert "certificate verify failed" in asyncio.run(tried(given(right, None)))
        by_name = given(right.replace("127.0.0.1", "localhost"))
        assert "certificate verify failed" in asyncio.run(tried(by_name))
    assert secret not in caplog.text
    gone = RedisSettings(url="redis://a", password_file=str(tmp_path / "no"))
    with pytest.raises(ConfigurationError, match=r"redis\.password_file: .*cannot be read"):
        Board(gone, now_ms)


async def _is(site: Site, wanted: tuple[Any, ...]) -> bool:
    return await everything(site) == wanted


async def _alerts(site: Site, ids: set[str]) -> bool:
    return {a["alert_id"] for a in await site.board.view.alerts("m")} == ids


def _info(server: RedisServer, name: str) -> str:
    lines = dict(
        line.split(":", 1) for line in server.ask("INFO", "memory").splitlines() if ":" in line
    )
    return lines[name]
