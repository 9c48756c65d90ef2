"""Alertmanager's v2 API over HTTP."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

import aiohttp
import msgspec

from stream_monitor.config.alertmanager import AlertmanagerSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.notify.desk import Post
from stream_monitor.notify.payload import posted


class Outcome(Enum):
    """What came of one request."""

    TAKEN = "taken"
    REFUSED = "refused"  # and will be, however often it is said
    FAILED = "failed"  # may be taken later


class Client:
    """One Alertmanager; ``problem`` is what was wrong with the last request, "" if nothing.

    Raises:
        ConfigurationError: a file of the settings cannot be read.
    """

    def __init__(self, url: str, settings: AlertmanagerSettings) -> None:
        self._url = f"{url.rstrip('/')}/api/v2/alerts"
        self._settings = settings
        self._ssl = _trust(settings.ca_file)
        self._authorization()  # a missing file is an error of the start and not of the night
        self.problem = ""

    async def tell(self, session: aiohttp.ClientSession, posts: Sequence[Post]) -> Outcome:
        """Say these; never raises for whatever the network or the other side does."""
        body = msgspec.json.encode([posted(post.alert, post.ends_ms) for post in posts])
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_ms / 1000)
        try:
            # Read each time: tokens are replaced while a worker runs.
            headers = await asyncio.to_thread(self._authorization)
            async with session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json", **headers},
                ssl=self._ssl,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                said = (await answer.content.read(500)).decode(errors="replace")
                return self._outcome(answer.status, said)
        except (aiohttp.ClientError, TimeoutError, OSError, ConfigurationError) as exc:
            self.problem = f"{self._url}: {str(exc) or type(exc).__name__}"
            return Outcome.FAILED

    def _outcome(self, status: int, said: str) -> Outcome:
        if status < 300:
            self.problem = ""
            return Outcome.TAKEN
        self.problem = f"{self._url} answers {status}: {said.strip()}"
        # Alertmanager says 400 to what it cannot read; all else may be mended on the other side.
        return Outcome.REFUSED if status == 400 else Outcome.FAILED

    def _authorization(self) -> dict[str, str]:
        its = self._settings
        if its.bearer_token_file is not None:
            return {"Authorization": f"Bearer {_secret(its.bearer_token_file)}"}
        if its.username is not None and its.password_file is not None:
            given = f"{its.username}:{_secret(its.password_file)}".encode()
            return {"Authorization": f"Basic {base64.b64encode(given).decode()}"}
        return {}


def _secret(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(
            f"alertmanager: {file} cannot be read ({exc}); it has to hold the secret and to be "
            "readable for the worker's user"
        ) from exc


def _trust(ca_file: str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as exc:  # ssl.SSLError is one
        raise ConfigurationError(
            f"alertmanager.ca_file: {ca_file} holds no certificates that can be read ({exc})"
        ) from exc
