"""The notifier against listeners of the test and against real Alertmanagers."""

import asyncio
import base64
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream_monitor.config.alertmanager import AlertmanagerSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.metrics.snapshot import NotifiedView, OpenAlert, Snapshot
from stream_monitor.notify.notifier import Notifier
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.testing.kafka import free_port
from tests.alerting.servers import Listener, alertmanager, get, listening, until
from tests.notify.worlds import document, held


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Site:
    """A notifier at work, and the open alerts of its worker."""

    notifier: Notifier
    open_alerts: list[OpenAlert] = field(default_factory=list)

    def hear(self, status: str, **changes: Any) -> None:
        said = document(status, **changes)
        id_ = said["alert_id"]
        self.open_alerts = [each for each in self.open_alerts if each.episode != id_]
        if status == "started":
            self.open_alerts.append(held(episode=id_))
        self.notifier.hear(Publish(Stream.ALERTS, said["model"], id_, said))

    def read(self) -> Snapshot:
        return Snapshot(as_of_ms=now_ms(), open_alerts=tuple(self.open_alerts))

    def views(self) -> dict[str, NotifiedView]:
        views = self.notifier.show(Snapshot()).notified
        return {view.alertmanager: view for view in views}


@asynccontextmanager
async def working(urls: list[str], **changes: Any) -> AsyncIterator[Site]:
    settings = AlertmanagerSettings(urls=tuple(urls), **{"resend_ms": 500, **changes})
    site = Site(Notifier(settings, now_ms))
    task = asyncio.create_task(site.notifier.run(site.read))
    try:
        yield site
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def soon(done: Callable[[], Any], what: str) -> Any:
    """``until`` beside the notifier's event loop."""
    return await asyncio.to_thread(until, done, what)


def active(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(f"{url}/api/v2/alerts")
    return found


def nothing_at(url: str) -> bool:
    return not active(url)


def telling(directory: Path, sink: Listener) -> Path:
    """An Alertmanager's configuration that tells the listener at once."""
    path = directory / "alertmanager.yml"
    document = {
        "route": {
            "receiver": "sink",
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "1s",
            "repeat_interval": "1h",
        },
        "receivers": [{"name": "sink", "webhook_configs": [{"url": f"{sink.url}/told"}]}],
    }
    path.write_text(yaml.safe_dump(document))
    return path


def test_an_episode_is_one_alert_however_often_it_is_said_and_ends(tmp_path: Path) -> None:
    async def play(url: str, sink: Listener) -> None:
        async with working([url]) as site:
            site.hear("started")
            (alert,) = await soon(lambda: active(url), "it is there")
            assert alert["labels"]["alertname"] == "StreamMonitorModelDrift"
            assert alert["startsAt"].startswith("2023-11-14T22:13:20")
            site.hear("started", summary="Critical: still so.")
            await soon(lambda: site.views()[url].told >= 4, "it is said again and again")
            (again,) = active(url)
            assert again["fingerprint"] == alert["fingerprint"]
            assert again["annotations"]["description"] == "Critical: still so."
            assert again["endsAt"] > alert["endsAt"]
            await soon(lambda: sink.told, "people are told")
            site.hear("recovered")
            await soon(lambda: not active(url), "it is over")
            await soon(lambda: len(sink.told) == 2, "people are told that, too")
            assert [each.document["status"] for each in sink.told] == ["firing", "resolved"]
            assert site.views()[url].failures == 0

    with listening() as sink, alertmanager(telling(tmp_path, sink), tmp_path / "data") as url:
        asyncio.run(play(url, sink))


def test_what_is_withdrawn_is_over_and_critical_takes_the_place_of_warning(tmp_path: Path) -> None:
    async def play(url: str) -> None:
        async with working([url]) as site:
            site.hear("started", severity="warning")
            await soon(lambda: active(url), "it is there")
            site.hear("started")
            await soon(
                lambda: [a["labels"]["severity"] for a in active(url)] == ["critical"],
                "only the critical one is open",
            )
            site.hear("withdrawn")
            await soon(lambda: not active(url), "it is over")

    with listening() as sink, alertmanager(telling(tmp_path, sink), tmp_path / "data") as url:
        asyncio.run(play(url))


def test_an_alertmanager_that_is_down_is_told_when_it_is_up_and_again_when_it_forgot(
    tmp_path: Path,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    async def play(config: Path) -> None:
        async with working([url]) as site:
            site.hear("started")
            site.hear("started", alert_id="second", model="fraud")
            site.hear("recovered", alert_id="second", model="fraud")
            await soon(lambda: site.views()[url].failures >= 2, "it is tried again")
            assert site.views()[url].waiting == 2
            assert "Cannot connect" in site.views()[url].problem
            for life in ("first", "second"):
                with ExitStack() as open_:
                    start = alertmanager(config, tmp_path / life, port)
                    await asyncio.to_thread(open_.enter_context, start)
                    (alert,) = await soon(lambda: active(url), "it has been told")
                    assert alert["labels"]["model"] == "credit"
                    await asyncio.to_thread(open_.close)
            assert site.views()[url].dropped == 0

    with listening() as sink:
        asyncio.run(play(telling(tmp_path, sink)))


def test_two_alertmanagers_are_told_the_same_and_one_does_not_wait_for_the_other(
    tmp_path: Path,
) -> None:
    async def play(one: str, two: str, dead: str) -> None:
        async with working([one, two, dead]) as site:
            site.hear("started")
            found = [await soon(partial(active, url), url) for url in (one, two)]
            assert found[0][0]["fingerprint"] == found[1][0]["fingerprint"]
            await soon(lambda: site.views()[dead].failures, "the third is not there")
            site.hear("recovered")
            for url in (one, two):
                await soon(partial(nothing_at, url), "it is over at both")

    with listening() as sink:
        config = telling(tmp_path, sink)
        with (
            alertmanager(config, tmp_path / "one") as one,
            alertmanager(config, tmp_path / "two") as two,
        ):
            asyncio.run(play(one, two, f"http://127.0.0.1:{free_port()}"))


def test_a_new_owner_goes_on_after_a_rebalance_and_the_old_one_is_silent() -> None:
    async def play(sink: Listener) -> None:
        async with working([sink.url]) as old:
            old.hear("started")
            await soon(lambda: sink.told, "the old owner says it")
            old.open_alerts = []
            async with working([sink.url]) as new:
                new.open_alerts = [held()]
                await soon(lambda: new.views()[sink.url].told >= 3, "the new one goes on")
                before = old.views()[sink.url].told
                await soon(lambda: new.views()[sink.url].told >= 5, "and on")
                assert old.views()[sink.url].told <= before + 1
                new.hear("recovered")
                await soon(lambda: sink.told[-1].document[0]["endsAt"] < "2024", "it ends it")
        labels = [each["labels"] for told in sink.told for each in told.document]
        assert all(each == labels[0] for each in labels)

    with listening() as sink:
        asyncio.run(play(sink))


def test_a_request_that_is_refused_is_not_tried_for_ever_and_one_that_fails_is() -> None:
    async def play(sink: Listener) -> None:
        sink.status = 400
        async with working([sink.url], resend_ms=60_000) as site:
            site.hear("started")
            await soon(lambda: site.views()[sink.url].dropped == 1, "it is given up")
            assert "answers 400" in site.views()[sink.url].problem
            sink.status = 503
            site.hear("started")
            await soon(lambda: site.views()[sink.url].failures >= 4, "it is tried again")
            sink.status = 200
            await soon(lambda: site.views()[sink.url].told == 1, "it is taken")
            assert site.views()[sink.url].problem == ""

    with listening() as sink:
        asyncio.run(play(sink))


def test_whoever_stops_says_what_is_still_to_be_said() -> None:
    async def play(sink: Listener) -> None:
        async with working([sink.url]) as site:
            await asyncio.sleep(0)  # it has begun to wait
            site.hear("started")
            site.hear("recovered")

    with listening() as sink:
        asyncio.run(play(sink))
        (last,) = sink.told[-1].document
        assert last["endsAt"].startswith("2023-11-14T22:18:20"), "its end, not only its beginning"


def test_a_password_or_a_token_comes_from_its_file_as_it_is_at_that_time(tmp_path: Path) -> None:
    password, token = tmp_path / "password", tmp_path / "token"
    password.write_text("s3cret\n")
    token.write_text("one\n")

    async def play(sink: Listener) -> None:
        basic = {"username": "monitor", "password_file": str(password)}
        async with working([sink.url], **basic) as site:
            site.hear("started")
            await soon(lambda: sink.told, "it is said with a password")
        async with working([sink.url], bearer_token_file=str(token)) as site:
            token.write_text("two\n")
            site.hear("started")
            await soon(lambda: site.views()[sink.url].told, "it is said with a token")

    with listening() as sink:
        asyncio.run(play(sink))
        said = [each.headers["authorization"] for each in sink.told]
        assert said[0] == "Basic " + base64.b64encode(b"monitor:s3cret").decode()
        assert said[-1] == "Bearer two"


def certificate_of(directory: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody else vouches for, with its key."""
    path = directory / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")]
    subprocess.run([*command, *files], check=True, capture_output=True, timeout=60)
    path.write_text((directory / "key.pem").read_text() + (directory / "cert.pem").read_text())
    return path


def test_an_authority_of_ones_own_is_trusted_by_its_file_alone(tmp_path: Path) -> None:
    async def play(sink: Listener) -> None:
        async with working([sink.url]) as site:
            site.hear("started")
            await soon(lambda: site.views()[sink.url].failures, "a stranger is not told")
            assert "certificate" in site.views()[sink.url].problem.lower()
            assert not sink.told
        async with working([sink.url], ca_file=str(tmp_path / "cert.pem")) as site:
            site.hear("started")
            await soon(lambda: site.views()[sink.url].told, "who is vouched for is told")

    with listening(certificate_of(tmp_path)) as sink:
        asyncio.run(play(sink))


def test_a_file_that_cannot_be_read_is_said_before_the_worker_starts(tmp_path: Path) -> None:
    for field_ in ("bearer_token_file", "ca_file"):
        given: dict[str, Any] = {field_: str(tmp_path / "absent")}
        settings = AlertmanagerSettings(urls=("https://a:9093",), **given)
        with pytest.raises(ConfigurationError, match="absent"):
            Notifier(settings, now_ms)


def test_without_an_address_nothing_is_done() -> None:
    async def play() -> None:
        async with working([]) as site:
            site.hear("started")
            assert site.views() == {}

    asyncio.run(play())
