"""Other workers, asked by HTTP: never for long, never for much, never twice."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from yarl import URL

from stream_monitor.metrics.snapshot import PeerOutcome
from stream_monitor.views.owner import Owner

#: Says which worker is meant; a request that has it is never passed on.
ASKED = "Monitor-Owner"
#: Requests to other workers at once; what is more is answered without them.
AT_ONCE = 8
#: How long an answer may take, in seconds, and how large it may be, in bytes.
TIMEOUT_S, CONNECT_S = 3.0, 0.5
MAX_BYTES = 32 * 2**20
#: How long a worker that was not reached is left alone.
REST_S = 1.0

_PIECE = 64 * 1024
#: Of the answer, what is passed on.
_KEPT = ("Content-Type", "Content-Security-Policy")


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What another worker has answered with 200."""

    body: bytes
    headers: Mapping[str, str]


class Peers:
    """Asks while :meth:`run` runs. All but :attr:`counts` is for one event loop."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        """``tls`` is for workers that announce https."""
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._busy = 0
        self._resting: dict[str, float] = {}  # until when, by URL
        self._counts = {outcome.value: 0 for outcome in PeerOutcome}

    @property
    def counts(self) -> Mapping[str, int]:
        """How requests to other workers have ended; from any thread."""
        return self._counts.copy()

    async def run(self) -> None:
        """Keep connections until cancelled."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, connect=CONNECT_S)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=AT_ONCE, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
        ) as session:
            self._session = session
            try:
                await asyncio.Event().wait()
            finally:
                self._session = None

    async def ask(self, owner: Owner, path: str, authorization: str | None) -> PeerAnswer | None:
        """Its answer to ``path`` and query; ``None`` where there is no 200 in time.

        ``authorization`` is the caller's header, which goes to the owner as it is.
        """
        if self._session is None:
            return None
        outcome, answer = PeerOutcome.BUSY, None
        if self._busy < AT_ONCE:
            self._busy += 1
            try:
                outcome, answer = await self._ask(self._session, owner, path, authorization)
            finally:
                self._busy -= 1
        self._counts[outcome] += 1
        return answer

    async def _ask(
        self, session: aiohttp.ClientSession, owner: Owner, path: str, authorization: str | None
    ) -> tuple[PeerOutcome, PeerAnswer | None]:
        now_s = asyncio.get_running_loop().time()
        self._resting = {url: until for url, until in self._resting.items() if until > now_s}
        if owner.url in self._resting:
            return PeerOutcome.UNREACHABLE, None
        headers = {ASKED: owner.id, "Accept-Encoding": "identity"}
        if authorization is not None:
            headers["Authorization"] = authorization
        try:
            async with session.get(
                # As it came: what is quoted stays quoted.
                URL(owner.url + path, encoded=True),
                headers=headers,
                allow_redirects=False,
            ) as response:
                if response.status != HTTPStatus.OK:
                    return PeerOutcome.REFUSED, None
                body = bytearray()
                async for piece in response.content.iter_chunked(_PIECE):
                    body += piece
                    if len(body) > MAX_BYTES:
                        response.close()
                        return PeerOutcome.TOO_LARGE, None
                kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
                return PeerOutcome.ANSWERED, PeerAnswer(bytes(body), kept)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            self._resting[owner.url] = now_s + REST_S
            return PeerOutcome.UNREACHABLE, None
