"""The HTTP API: where it listens, who may use it and how much.

Every secret is the name of a file; none is a setting.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, model_validator

from stream_monitor.config.kinds import SECTION as _CONFIG
from stream_monitor.config.kinds import Count, Text, distinct


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_network(text)
        except ValueError as exc:
            raise ValueError(
                f"{text!r} is no address or network ({exc}); write such as 10.0.0.0/8 or ::1"
            ) from exc
    return texts


Networks = Annotated[
    tuple[Text, ...], Field(strict=False, max_length=64), AfterValidator(distinct),
    AfterValidator(_networks),
]  # fmt: skip


#: A name as Host has it, of ASCII letters; with a dot before it all names below it are meant too.
_HOST = re.compile(r"\.?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


def _hosts(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if len(text) > 254 or _HOST.fullmatch(text.lower()) is None:
            raise ValueError(
                f"{text[:80]!r} is no name of a host; write it without scheme and port, such as "
                "monitor.example.org, or .example.org for all names below it"
            )
    return texts


Hosts = Annotated[
    tuple[Text, ...], Field(strict=False, max_length=64), AfterValidator(distinct),
    AfterValidator(_hosts),
]  # fmt: skip


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        port_is_right = False
    more = port_is_right and (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    if not port_is_right or more or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"{text!r} is no address of a worker; write scheme, host and port, such as "
            "http://worker-1:6066"
        )
    return text


class ApiSettings(BaseModel):
    """What a worker serves beside its metrics: models, reports, alerts, and events taken in."""

    model_config = _CONFIG

    enabled: bool = True
    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 6066  # 0: any free one
    # Where other workers reach this one; else the bind address, or this machine's name.
    advertise: Annotated[Text, AfterValidator(_address)] | None = None
    peer_ca_file: Text | None = None  # who signs other workers' certificates; else the system's
    read_token_file: Text | None = None
    write_token_file: Text | None = None
    cert_file: Text | None = None  # with key_file: TLS, and nothing else
    key_file: Text | None = None
    client_ca_file: Text | None = None  # whose certificates clients have to show
    # By which names it may be asked where reading takes no token, beside the worker's own.
    allowed_hosts: Hosts = ()
    trusted_proxies: Networks = ()  # whose X-Forwarded-For tells who asks
    max_connections: Annotated[int, Field(ge=8, le=65_536)] = 256
    max_body_bytes: Annotated[int, Field(ge=1024, le=256 * 2**20)] = 2**20
    max_requests: Count = 50  # a second, from one address
    simulate: bool = False  # whether POST /simulate makes up traffic

    @property
    def encrypts(self) -> bool:
        """Whether connections are TLS."""
        return self.cert_file is not None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError(
                "a certificate is two files; give both cert_file and key_file, or neither"
            )
        if self.client_ca_file is not None and not self.encrypts:
            raise ValueError(
                "client_ca_file is for TLS; give cert_file and key_file too, or leave it out"
            )
        return self
