"""What a worker does to the shared view in Redis: see what is there, put what is missing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from stream_monitor.views import scripts
from stream_monitor.views.redis_connection import RedisConnection
from stream_monitor.views.said import Part, Said
from stream_monitor.views.shelf import Bounds

#: How long a refill may be silent before another worker begins one.
_CLAIM_MS = 30_000

#: By (part, id): the number that is kept.
Held = dict[tuple[Part, str], int]


class RedisStore:
    """The shared view as its writers see it; every method may raise ``UnavailableError``."""

    def __init__(
        self, connection: RedisConnection, prefix: str, bounds: Bounds, ttl_ms: int
    ) -> None:
        self._connection = connection
        self._prefix = prefix
        self._bounds = bounds
        self._ttl_ms = ttl_ms

    async def put(self, saids: Sequence[Said]) -> None:
        """Keep documents; of each only if nothing newer is kept."""
        put, bounds, ttl_ms = scripts.put, self._bounds, self._ttl_ms
        await self._connection.run([put(self._prefix, said, bounds, ttl_ms) for said in saids])

    async def held(self, model: str) -> Held:
        """What is there of a model's documents."""
        keys = scripts.Keys.of(self._prefix, model)
        heads, ranks, standing = await self._connection.run(
            [("HGETALL", keys.heads), ("HGETALL", keys.ranks), ("HGET", keys.standing, "number")]
        )
        held: Held = {}
        for field, value in heads.items():
            id_, _, part = field.decode().rpartition(":")
            held[Part(part), id_] = int(value.partition(b" ")[0])
        held |= {(Part.ALERT, id_.decode()): int(number) for id_, number in ranks.items()}
        if standing is not None:
            held[Part.STANDING, ""] = int(standing)
        return held

    async def open_alerts(self, model: str) -> dict[str, int]:
        """The ids and numbers of the open alerts of a model."""
        keys = scripts.Keys.of(self._prefix, model)
        ranks, ended = await self._connection.run(
            [("HGETALL", keys.ranks), ("ZRANGE", keys.ended, 0, -1)]
        )
        over = set(ended)
        return {id_.decode(): int(number) for id_, number in ranks.items() if id_ not in over}

    async def forget_alerts(self, model: str, alerts: dict[str, int]) -> None:
        """Forget open alerts, by id and number, of which nothing newer has come."""
        forget = scripts.forget
        await self._connection.run(
            [forget(self._prefix, model, id_, number) for id_, number in alerts.items()]
        )

    async def sign(self, writer: str) -> tuple[bool, bytes | None]:
        """Leave a mark; whether the last one was still there, and the mark of the last refill.

        Without the first Redis has lost its memory since, without the second it has lost what
        was published before that, too.
        """
        key, filled = f"{self._prefix}writer:{writer}", f"{self._prefix}filled"
        found, _, fill, _ = await self._connection.run(
            [
                ("EXISTS", key),
                ("SET", key, "1", "PX", self._ttl_ms),
                ("GET", filled),
                ("PEXPIRE", filled, self._ttl_ms),
            ]
        )
        return bool(found), fill

    async def claim(self, name: str, *, again: bool = False) -> bool:
        """Be the one who refills Redis, for a while; false if it is full, or it is another.

        ``again``, while at it: false if the claim is gone, and with it all that was brought.
        """
        key, how = f"{self._prefix}refill", "XX" if again else "NX"
        full, answer = await self._connection.run(
            [("EXISTS", f"{self._prefix}filled"), ("SET", key, name, how, "PX", _CLAIM_MS)]
        )
        if full and answer is not None:
            await self.give_up()
        return answer is not None and not full

    async def give_up(self) -> None:
        """Let another one refill."""
        await self._connection.run([("DEL", f"{self._prefix}refill")])

    async def filled(self) -> None:
        """Say that all that was published is here, and give up the claim."""
        await self._connection.run(
            [
                ("SET", f"{self._prefix}filled", uuid.uuid4().hex, "PX", self._ttl_ms),
                ("DEL", f"{self._prefix}refill"),
            ]
        )
