"""Commands to Redis and its answers; the only module that knows the client."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from stream_monitor.config.redis import RedisSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.views import scripts
from stream_monitor.views.protocol import UnavailableError

#: Connections at once; more requests wait for one.
_CONNECTIONS = 8


class RedisConnection:
    """A Redis by its settings, which have a ``url``; nothing is connected before the first command.

    Raises:
        ConfigurationError: a file of the settings cannot be read.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self.address = settings.address
        timeout_s = settings.timeout_ms / 1000
        # Redis's client has not always looked at the name in a certificate.
        tls: dict[str, Any] = {"ssl_check_hostname": True} if settings.encrypts else {}
        if settings.ca_file is not None:
            _readable(settings.ca_file, "ca_file")
            tls["ssl_ca_certs"] = settings.ca_file
        pool = BlockingConnectionPool(
            max_connections=_CONNECTIONS,
            timeout=timeout_s,
            connection_class=SSLConnection if settings.encrypts else Connection,
            host=settings.host,
            port=settings.port,
            db=settings.database,
            username=settings.username,
            password=_password(settings),
            protocol=2,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            # Whoever asks knows best when to ask again.
            retry=Retry(NoBackoff(), 0),
            **tls,
        )
        self._redis = Redis.from_pool(pool)

    async def run(self, commands: Iterable[scripts.Command]) -> list[Any]:
        """The answers of commands that are sent together; not a transaction.

        Raises:
            UnavailableError: Redis does not answer, or refuses one of them.
        """
        listed = list(commands)
        try:
            try:
                return await self._run(listed)
            except NoScriptError:
                # Redis was started anew, or somebody has flushed its scripts.
                await self._run([("SCRIPT LOAD", script) for script in scripts.ALL])
                return await self._run(listed)
        except (RedisError, OSError, TimeoutError) as exc:
            raise UnavailableError(
                f"{self.address}: {str(exc) or type(exc).__name__}; see redis in the settings"
            ) from exc

    async def close(self) -> None:
        """Let go of all connections."""
        await self._redis.aclose()

    async def _run(self, commands: list[scripts.Command]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return list(await pipeline.execute())


def _password(settings: RedisSettings) -> str | None:
    if settings.password_file is not None:
        return _readable(settings.password_file, "password_file").strip()
    return None if settings.password is None else settings.password.get_secret_value()


def _readable(file: str, setting: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(
            f"redis.{setting}: {file} cannot be read ({exc}); it has to be a text file that the "
            "worker's user may read"
        ) from exc
