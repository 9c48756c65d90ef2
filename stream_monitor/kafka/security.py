"""From the settings of ``kafka.security`` to what aiokafka's clients and Faust are given.

Files are read here, when a client is made: a password that is changed in its file is the next
client's. No error names a secret.
"""

from __future__ import annotations

import ssl
from typing import Any

from faust.auth import SASLCredentials, SSLCredentials

from stream_monitor.client.certificates import load_chain, trusting
from stream_monitor.client.secrets import password
from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError


def client_options(security: SecuritySettings) -> dict[str, Any]:
    """What an aiokafka client is given by keyword beside its address.

    Raises:
        ConfigurationError: a file cannot be read, or is not what it should be.
    """
    options: dict[str, Any] = {"security_protocol": security.protocol.upper()}
    if security.encrypts:
        options["ssl_context"] = ssl_context(security)
    if security.authenticates:
        options |= {
            "sasl_mechanism": _mechanism(security),
            "sasl_plain_username": security.username,
            "sasl_plain_password": password(security),
        }
    return options


def faust_credentials(security: SecuritySettings) -> SASLCredentials | SSLCredentials | None:
    """The same for Faust's ``broker_credentials``; ``None`` where nothing is encrypted or asked.

    Raises:
        ConfigurationError: a file cannot be read, or is not what it should be.
    """
    if security.authenticates:
        return SASLCredentials(
            username=security.username,
            password=password(security),
            mechanism=_mechanism(security),
            ssl_context=ssl_context(security) if security.encrypts else None,
        )
    return SSLCredentials(ssl_context(security)) if security.encrypts else None


def ssl_context(security: SecuritySettings) -> ssl.SSLContext:
    """TLS 1.2 or newer; the broker's certificate and host name are always checked.

    Against ``ca_file`` alone where there is one, else against the system's authorities.

    Raises:
        ConfigurationError: a file cannot be read, or is no certificate or key.
    """
    context = trusting(security.ca_file, "kafka.security.ca_file")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if security.cert_file is not None and security.key_file is not None:
        load_chain(context, security.cert_file, security.key_file, "kafka.security")
    return context


def unreachable(kafka: KafkaSettings) -> BrokerError:
    """That a client could not start, and what to look at.

    aiokafka says no more than that it found no broker, whether nobody listens there or a
    certificate or a password is refused.
    """
    security = kafka.security
    if security.protocol == "plaintext":
        hint = "does its listener take plaintext (kafka.security.protocol)?"
    else:
        parts = []
        if security.encrypts:
            parts.append("is its certificate for this host and signed by ca_file's authority")
        if security.authenticates:
            parts.append("are mechanism, username and password right")
        hint = f"does its listener take {security.protocol}, {', and '.join(parts)}?"
    return BrokerError(
        f"cannot reach Kafka at {kafka.bootstrap_servers}: nothing answers there as Kafka does; "
        "is it running, is the address right (--bootstrap-servers or kafka.bootstrap_servers), "
        f"and {hint}"
    )


def _mechanism(security: SecuritySettings) -> str | None:
    return None if security.mechanism is None else security.mechanism.upper()
