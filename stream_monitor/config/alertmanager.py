"""Where alerts go without a Prometheus in between, and how a worker shows who it is.

Every secret is the name of a file; none is a setting.
"""

from __future__ import annotations

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, model_validator

from stream_monitor.config.duration import MINUTE, SECOND
from stream_monitor.config.kinds import SECTION as _CONFIG
from stream_monitor.config.kinds import Count, Duration, Text, distinct


def _urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    for url in urls:
        try:
            parts = urlsplit(url)
            right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            right = False
        if not right or parts.query or parts.fragment:
            raise ValueError(
                f"{url!r} is no address of an Alertmanager; write http://host:9093 or "
                "https://host/prefix"
            )
        if parts.username is not None:
            raise ValueError(
                f"{parts.hostname}: a name or password in a URL is seen in logs; use username "
                "and password_file"
            )
    return urls


def _link(text: str) -> str:
    if not re.match(r"https?://", text):
        raise ValueError(f"{text!r} is no link; write one that begins with https:// or http://")
    return text.rstrip("/")


Urls = Annotated[
    tuple[Text, ...],
    Field(strict=False, max_length=16),
    AfterValidator(distinct),
    AfterValidator(_urls),
]
Link = Annotated[str, AfterValidator(_link)]


class AlertmanagerSettings(BaseModel):
    """Alertmanagers that are told every episode; without ``urls`` nobody is."""

    model_config = _CONFIG

    urls: Urls = ()
    resend_ms: Duration = MINUTE  # an open episode is said again so often
    timeout_ms: Duration = 10 * SECOND  # of one request
    queue: Count = 10_000  # alerts kept for an Alertmanager that does not answer
    ca_file: Text | None = None
    username: Text | None = None
    password_file: Text | None = None
    bearer_token_file: Text | None = None
    generator_url: Link | None = None  # {model} stands for the model's name
    runbook_url: Link = "https://stream-monitor.example/runbooks"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together; set both, or neither")
        if self.username is not None and self.bearer_token_file is not None:
            raise ValueError(
                "an Alertmanager asks for a password or for a token; set username and "
                "password_file, or bearer_token_file"
            )
        if self.resend_ms > 2 * MINUTE:
            raise ValueError(
                "an open episode that is said again less often than every 2m would be over for "
                "an Alertmanager with its default resolve_timeout; shorten resend"
            )
        return self
