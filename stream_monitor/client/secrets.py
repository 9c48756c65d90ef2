"""The password toward Kafka, read anew whenever a client is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stream_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from stream_monitor.config.security import SecuritySettings

#: The longest password file, in bytes; whatever is longer is another file by mistake.
MAX_PASSWORD_BYTES = 4096


def password(security: SecuritySettings) -> str:
    """The password, from its variable or from its file less one line break at the end.

    Raises:
        ConfigurationError: the file cannot be read, is empty, too long or no UTF-8.
    """
    if security.password is not None:
        return security.password.get_secret_value()
    path = Path(security.password_file or "")
    where = f"kafka.security.password_file {path}"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PASSWORD_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read: {error.strerror}") from error
    if len(data) > MAX_PASSWORD_BYTES:
        raise ConfigurationError(
            f"{where} is longer than {MAX_PASSWORD_BYTES:,} bytes; it holds the password alone"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        # Without the cause, whose words show bytes of the file.
        raise ConfigurationError(f"{where} is no UTF-8 text; it holds the password alone") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ConfigurationError(f"{where} is empty; write the password into it")
    return text
