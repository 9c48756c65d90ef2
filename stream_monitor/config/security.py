"""How a client proves itself to Kafka, and how it knows that it is Kafka it talks to.

The password is the one secret among the settings. It comes from its variable or from a file
that is named here, never from the configuration file, and ``render`` leaves it out.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from stream_monitor.config.kinds import SECTION, Text

Protocol = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
Mechanism = Literal["plain", "scram-sha-256", "scram-sha-512"]

_HERE = "kafka.security"


class SecuritySettings(BaseModel):
    """Encryption and authentication toward Kafka; without any as long as nothing is set."""

    # Pydantic's own error shows what was given, and that may be the password.
    model_config = SECTION | ConfigDict(hide_input_in_errors=True)

    protocol: Protocol = "plaintext"
    mechanism: Mechanism | None = None
    username: Text | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = None
    password_file: Text | None = None
    ca_file: Text | None = None
    cert_file: Text | None = None
    key_file: Text | None = None

    @property
    def encrypts(self) -> bool:
        """Whether the connection is TLS."""
        return self.protocol in ("ssl", "sasl_ssl")

    @property
    def authenticates(self) -> bool:
        """Whether a name and a password are sent (SASL)."""
        return self.protocol.startswith("sasl_")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.authenticates:
            self._check_sasl()
        else:
            self._refuse(
                ("mechanism", "username", "password", "password_file"),
                "is for sasl_plaintext and sasl_ssl",
            )
        if not self.encrypts:
            self._refuse(("ca_file", "cert_file", "key_file"), "is for ssl and sasl_ssl")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError(
                "a client certificate is two files; give both cert_file and key_file, or neither"
            )
        return self

    def _check_sasl(self) -> None:
        missing = [name for name in ("mechanism", "username") if getattr(self, name) is None]
        if missing:
            raise ValueError(f"protocol is {self.protocol} and needs {' and '.join(missing)} too")
        if (self.password is None) == (self.password_file is None):
            given = "both are" if self.password is not None else "neither is"
            raise ValueError(
                f"protocol is {self.protocol} and needs password, by the variable "
                f"STREAM_MONITOR_KAFKA__SECURITY__PASSWORD, or password_file; {given} given"
            )

    def _refuse(self, names: tuple[str, ...], why: str) -> None:
        given = [name for name in names if getattr(self, name) is not None]
        if given:
            raise ValueError(
                f"protocol is {self.protocol}, but {given[0]} {why}; "
                f"set {_HERE}.protocol, or leave {given[0]} out"
            )
