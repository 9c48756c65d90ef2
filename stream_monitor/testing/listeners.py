"""Listeners of a test broker that encrypt and ask for a password, with certificates of its own.

They stand beside the plain listener of :class:`~stream_monitor.testing.kafka.KafkaServer`. The
certificates are made with the ``openssl`` command and are good for a day.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stream_monitor.errors import ConfigurationError

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_LOGIN = "org.apache.kafka.common.security"


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: an authority, a broker's key with its certificate, and a client's two."""

    ca: Path
    broker: Path
    client: Path
    client_key: Path


@dataclass(frozen=True, slots=True)
class Listeners:
    """What a broker has beside its plain listener.

    Attributes:
        addresses: ``NAME://host:port`` of each; the name is the security protocol.
        properties: lines of the broker's properties.
        scram: ``MECHANISM=[name=...,password=...]`` of each user that SCRAM knows.
    """

    addresses: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    scram: tuple[str, ...] = ()


def make_certificates(home: Path, host: str = "127.0.0.1") -> Certificates:
    """An authority in ``home``, and what it signed: a broker at the IP address ``host``, a client.

    Raises:
        ConfigurationError: there is no ``openssl`` command.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ConfigurationError("certificates are made with openssl; install it")
    ca, ca_key = home / "ca.pem", home / "ca.key"

    def request(name: str, key: Path, out: Path, *more: str) -> None:
        command = [openssl, "req", "-x509", *_KEY, "-days", "1", "-subj", f"/CN={name}"]
        command += ["-keyout", str(key), "-out", str(out), *more]
        subprocess.run(command, check=True, capture_output=True)

    def signed(name: str, *more: str) -> tuple[Path, Path]:
        key, certificate = home / f"{name}.key", home / f"{name}.pem"
        by = ("-CA", str(ca), "-CAkey", str(ca_key), "-addext", "basicConstraints=CA:FALSE")
        request(name, key, certificate, *by, *more)
        return key, certificate

    request("authority", ca_key, ca)
    key, certificate = signed("broker", "-addext", f"subjectAltName=IP:{host}")
    broker = home / "broker-and-key.pem"
    broker.write_text(key.read_text("ascii") + certificate.read_text("ascii"), encoding="ascii")
    client_key, client = signed("client")
    return Certificates(ca, broker, client, client_key)


def secured(
    files: Certificates, sasl_port: int, ssl_port: int, user: str, password: str
) -> Listeners:
    """SASL_SSL for one user by every mechanism we know, and SSL that asks for a certificate."""
    modules = {
        "plain": f'{_LOGIN}.plain.PlainLoginModule required user_{user}="{password}";',
        "scram-sha-256": f"{_LOGIN}.scram.ScramLoginModule required;",
        "scram-sha-512": f"{_LOGIN}.scram.ScramLoginModule required;",
    }
    return Listeners(
        (f"SASL_SSL://127.0.0.1:{sasl_port}", f"SSL://127.0.0.1:{ssl_port}"),
        (
            # Kafka maps the controller's name by itself only where every listener is plain.
            "listener.security.protocol.map="
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL",
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={files.broker}",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={files.ca}",
            "listener.name.ssl.ssl.client.auth=required",
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            *(
                f"listener.name.sasl_ssl.{name}.sasl.jaas.config={module}"
                for name, module in modules.items()
            ),
        ),
        tuple(
            f"{mechanism}=[name={user},password={password}]"
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        ),
    )
