"""Where the shared view of all models is kept, and how much of it.

The password comes from ``REDIS_URL``, its variable or a file, never from the configuration file;
``environment`` takes it out of a URL, so that ``url`` can be shown.
"""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from stream_monitor.config.duration import DAY, SECOND
from stream_monitor.config.kinds import SECTION, Count, Duration, Text

_FORMS = "write redis://host:6379/0, or rediss:// for TLS"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(f"what is given is no address of Redis; {_FORMS}") from None
    if parts.password is not None:
        raise ValueError(
            "a password in the file or an option is seen by others; give the whole URL by the "
            "variable REDIS_URL, or the password by STREAM_MONITOR_REDIS__PASSWORD or "
            "password_file"
        )
    right = parts.scheme in ("redis", "rediss") and parts.hostname and port_is_right
    database = parts.path.removeprefix("/")
    if not right or parts.query or parts.fragment or not (database.isdigit() or not database):
        # A password that is not quoted as URLs want it may stand anywhere before an @.
        shown = "what is given" if "@" in text else repr(text)
        raise ValueError(f"{shown} is no address of Redis; {_FORMS}")
    return text


class RedisSettings(BaseModel):
    """The Redis that every worker writes to and reads from; without ``url`` there is none."""

    # Pydantic's own error shows what was given, and that may be the password.
    model_config = SECTION | ConfigDict(hide_input_in_errors=True)

    url: Annotated[Text, AfterValidator(_url)] | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = None
    password_file: Text | None = None
    ca_file: Text | None = None
    prefix: Text = "stream-monitor:"
    history: Annotated[int, Field(ge=1, le=10_000)] = 288  # windows a model
    ttl_ms: Duration = 7 * DAY  # what nobody writes is gone after it
    queue: Count = 2_000  # documents kept for a Redis that does not answer
    timeout_ms: Duration = 2 * SECOND  # of one request

    @property
    def host(self) -> str:
        """Where it is; "" without a URL."""
        return urlsplit(self.url or "").hostname or ""

    @property
    def port(self) -> int:
        """Its port, 6379 unless the URL has one."""
        return urlsplit(self.url or "").port or 6379

    @property
    def database(self) -> int:
        """Its database, 0 unless the URL has one."""
        return int(urlsplit(self.url or "").path.removeprefix("/") or 0)

    @property
    def username(self) -> str | None:
        """The user of the URL, if it has one."""
        name = urlsplit(self.url or "").username
        return unquote(name) if name else None

    @property
    def encrypts(self) -> bool:
        """Whether the connection is TLS."""
        return (self.url or "").startswith("rediss:")

    @property
    def address(self) -> str:
        """``redis://host:port/database``, as it may be shown: without a user."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis{'s' * self.encrypts}://{host}:{self.port}/{self.database}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both given; give one")
        if self.ca_file is not None and not self.encrypts:
            raise ValueError("ca_file is for rediss:// addresses; change url, or leave it out")
        return self
