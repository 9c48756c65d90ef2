"""Who may read and who may write: tokens, compared in constant time and never shown."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path

from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.web.api.hosts import name_of
from stream_monitor.web.api.problems import ProblemError

#: A token shorter than this can be guessed.
MIN_TOKEN = 16
#: A file that is longer is another by mistake.
_MAX_TOKEN_BYTES = 4096
#: What a proxy adds: the peer's address is then not the asker's.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


class Access(StrEnum):
    """What a request needs."""

    OPEN = "open"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """SHA-256 of the tokens; ``None`` where there is none."""

    read: bytes | None = None
    write: bytes | None = None

    @classmethod
    def of(cls, settings: ApiSettings) -> Tokens:
        """The tokens of the settings' files.

        Raises:
            ConfigurationError: a file cannot be read, or holds no token of 16 characters.
        """
        return cls(
            _token(settings.read_token_file, "api.read_token_file"),
            _token(settings.write_token_file, "api.write_token_file"),
        )

    def check(self, access: Access, peer: str | None, headers: Mapping[str, str]) -> None:
        """Raise a 401 or 403 :class:`ProblemError` unless the request may do what it asks.

        ``peer`` is the address of the other end. Who may write may read.
        """
        if access is Access.OPEN or (access is Access.READ and self.read is None):
            return
        given = _given(headers)
        if access is Access.READ:
            if not _is_one_of(given, self.read, self.write):
                raise _unauthorized("reading takes the token of api.read_token_file")
        elif self.write is not None:
            if not _is_one_of(given, self.write):
                raise _unauthorized("writing takes the token of api.write_token_file")
        elif not _is_here(peer, headers):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "without api.write_token_file only this machine may write, directly and by the "
                "name localhost or 127.0.0.1; set a token and send it as Authorization: Bearer",
            )


def _token(file: str | None, where: str) -> bytes | None:
    if file is None:
        return None
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(_MAX_TOKEN_BYTES + 1)
    except OSError as exc:
        raise ConfigurationError(f"{where}: {file} cannot be read ({exc.strerror})") from exc
    if len(data) > _MAX_TOKEN_BYTES:
        raise ConfigurationError(
            f"{where}: {file} is longer than {_MAX_TOKEN_BYTES:,} bytes; it holds a token alone"
        )
    try:
        token = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        # Without the cause, whose words show bytes of the file.
        raise ConfigurationError(f"{where}: {file} is no UTF-8 text; it holds a token") from None
    if len(token) < MIN_TOKEN:
        raise ConfigurationError(
            f"{where}: {file} holds {len(token)} characters; a token has at least {MIN_TOKEN}, "
            "such as `openssl rand -hex 32` makes"
        )
    return hashlib.sha256(token.encode()).digest()


def _given(headers: Mapping[str, str]) -> bytes:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    text = token.strip() if scheme.lower() == "bearer" else ""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _is_one_of(given: bytes, *tokens: bytes | None) -> bool:
    found = [hmac.compare_digest(given, token) for token in tokens if token is not None]
    return any(found)  # all were compared, whatever the first comparison says


def _is_here(peer: str | None, headers: Mapping[str, str]) -> bool:
    """Whether somebody on this machine asks us by a name of this machine.

    A page of another site, whose name was made to point here, has that name in Host.
    """
    if any(name in headers for name in _FORWARDED):
        return False
    name = name_of(headers.get("Host", ""))
    return _is_loopback(peer) and (name == "localhost" or _is_loopback(name))


def _is_loopback(address: str | None) -> bool:
    try:
        its = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    if isinstance(its, ipaddress.IPv6Address) and its.ipv4_mapped is not None:
        return its.ipv4_mapped.is_loopback
    return its.is_loopback


def _unauthorized(what: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNAUTHORIZED,
        f"{what}; send it as Authorization: Bearer TOKEN",
        headers={"WWW-Authenticate": 'Bearer realm="stream-monitor"'},
    )
