"""A worker on a Kafka that encrypts and asks who comes, and what a wrong setting is told."""

from __future__ import annotations

import asyncio
import selectors
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from stream_monitor.client.secrets import MAX_PASSWORD_BYTES
from stream_monitor.config.render import to_yaml
from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import BrokerError, ConfigurationError
from stream_monitor.kafka.admin import Outcome, create_topics
from stream_monitor.kafka.reach import reached
from stream_monitor.kafka.references import publish
from stream_monitor.kafka.security import client_options, faust_credentials
from stream_monitor.testing.kafka import KafkaServer, free_port
from stream_monitor.testing.listeners import Certificates, make_certificates, secured
from tests.kafka.live import PATIENCE_S, Documents, Site, assert_reports_are, batch_pass, published
from tests.kafka.streams import stream
from tests.pipeline.events import reference

USER, PASSWORD = "monitor", "correct-horse"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return file


def sasl(**more: Any) -> SecuritySettings:
    given = {"protocol": "sasl_ssl", "mechanism": "scram-sha-512", "username": USER}
    return SecuritySettings.model_validate(given | more)


def test_without_settings_clients_are_given_plaintext_and_faust_nothing() -> None:
    assert client_options(SecuritySettings()) == {"security_protocol": "PLAINTEXT"}
    assert faust_credentials(SecuritySettings()) is None


def test_clients_and_faust_are_given_the_same_by_sasl_without_tls() -> None:
    security = sasl(protocol="sasl_plaintext", password=PASSWORD)
    assert client_options(security) == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": USER,
        "sasl_plain_password": PASSWORD,
    }
    credentials = faust_credentials(security)
    assert credentials is not None
    assert PASSWORD not in repr(credentials)
    assert credentials.protocol.value == "SASL_PLAINTEXT"


def test_tls_checks_certificate_and_host_name(files: Certificates) -> None:
    security = SecuritySettings(protocol="ssl", ca_file=str(files.ca))
    context = client_options(security)["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert [each["subject"] for each in context.get_ca_certs()] == [
        ((("commonName", "authority"),),)
    ]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_file_holds_the_password_and_perhaps_a_line_break(
    tmp_path: Path, end: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(f" päss word{end}".encode())
    options = client_options(sasl(password_file=str(file)))
    assert options["sasl_plain_password"] == " päss word"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe secret", "is no UTF-8 text"),
        (b"x" * (MAX_PASSWORD_BYTES + 1), "is longer than 4,096 bytes"),
    ],
)
def test_a_password_file_that_cannot_be_used_is_named_and_not_shown(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=why) as caught:
        client_options(sasl(password_file=str(file)))
    assert str(file) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_files_that_are_no_certificates_or_keys_are_named(
    files: Certificates, tmp_path: Path
) -> None:
    text = tmp_path / "text.pem"
    text.write_text("no certificate", encoding="ascii")
    for ca in (text, tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match=rf"ca_file {ca} cannot be used"):
            client_options(SecuritySettings(protocol="ssl", ca_file=str(ca)))
    for key in (text, tmp_path / "missing.pem", files.broker):  # the last is another's key
        security = SecuritySettings(
            protocol="ssl",
            ca_file=str(files.ca),
            cert_file=str(files.client),
            key_file=str(key),
        )
        with pytest.raises(ConfigurationError, match=rf"key_file {key} cannot be used"):
            client_options(security)


def test_a_worker_whose_password_file_is_missing_does_not_start(tmp_path: Path) -> None:
    site = Site(f"127.0.0.1:{free_port()}", tmp_path / "site")
    missing = tmp_path / "missing"
    kafka = site.settings.kafka.model_copy(update={"security": sasl(password_file=str(missing))})
    site.config.write_text(
        to_yaml(site.settings.model_copy(update={"kafka": kafka})), encoding="utf-8"
    )
    with site:
        worker = site.worker("a")
        assert worker.process.wait(PATIENCE_S) == 2
        assert worker.said().splitlines()[-1] == (
            f"error: kafka.security.password_file {missing} cannot be read: "
            "No such file or directory"
        )


@dataclass(frozen=True)
class Secured:
    """A broker with a plain listener for the tests and two for workers."""

    plain: str
    sasl_port: int
    ssl_port: int

    def kafka(self, security: SecuritySettings) -> KafkaSettings:
        port = self.sasl_port if security.authenticates else self.ssl_port
        return KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}", security=security)


@pytest.fixture(scope="module")
def broker(files: Certificates) -> Iterator[Secured]:
    sasl_port, ssl_port = free_port(), free_port()
    more = secured(files, sasl_port, ssl_port, USER, PASSWORD)
    with KafkaServer(more=more) as server:
        yield Secured(server.bootstrap_servers, sasl_port, ssl_port)


def ask(kafka: KafkaSettings) -> dict[str, int]:
    """Each topic; whatever the answer is, no connection stays open."""
    sockets = selectors.DefaultSelector()

    async def within() -> dict[str, int]:
        idle = len(sockets.get_map())
        try:
            async with reached(kafka, patience_s=5.0) as topics:
                return topics
        finally:
            # The broker lets one that it refuses wait, and TLS closes only when both have said so.
            async with asyncio.timeout(20):
                while len(sockets.get_map()) > idle:
                    await asyncio.sleep(0.02)

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(sockets)) as runner:
        return runner.run(within())


@pytest.mark.kafka
@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256", "scram-sha-512"])
def test_a_user_is_let_in_by_each_mechanism_over_tls(
    broker: Secured, files: Certificates, mechanism: str
) -> None:
    security = sasl(mechanism=mechanism, password=PASSWORD, ca_file=str(files.ca))
    ask(broker.kafka(security))


@pytest.mark.kafka
def test_a_client_with_a_certificate_is_let_in_and_one_without_is_not(
    broker: Secured, files: Certificates
) -> None:
    without = SecuritySettings(protocol="ssl", ca_file=str(files.ca))
    own = {"cert_file": str(files.client), "key_file": str(files.client_key)}
    ask(broker.kafka(without.model_copy(update=own)))
    with pytest.raises(BrokerError, match="signed by"):
        ask(broker.kafka(without))


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": SecretStr("wrong-horse")}, "are mechanism, username and password right"),
        ({"username": "nobody"}, "are mechanism, username and password right"),
        ({"ca_file": None}, "is its certificate for this host and signed by ca_file's authority"),
        ({"protocol": "sasl_plaintext", "ca_file": None}, "does its listener take sasl_plaintext"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_look_at_and_no_password(
    broker: Secured, files: Certificates, wrong: dict[str, Any], sentence: str
) -> None:
    right = sasl(password=PASSWORD, ca_file=str(files.ca))
    with pytest.raises(BrokerError) as caught:
        ask(broker.kafka(right.model_copy(update=wrong)))
    assert sentence in str(caught.value)
    assert "horse" not in str(caught.value)


@pytest.mark.kafka
def test_a_plain_client_is_told_that_the_listener_may_not_take_it(broker: Secured) -> None:
    kafka = KafkaSettings(bootstrap_servers=f"127.0.0.1:{broker.sasl_port}")
    with pytest.raises(BrokerError, match="does its listener take plaintext"):
        ask(kafka)


@pytest.mark.kafka
def test_a_broker_whose_certificate_is_for_another_host_is_refused(
    broker: Secured, files: Certificates
) -> None:
    kafka = KafkaSettings(
        bootstrap_servers=f"localhost:{broker.sasl_port}",
        security=sasl(password=PASSWORD, ca_file=str(files.ca)),
    )
    with pytest.raises(BrokerError, match="is its certificate for this host"):
        ask(kafka)


@pytest.mark.kafka
def test_a_worker_over_sasl_ssl_judges_what_a_batch_pass_does(
    broker: Secured, files: Certificates, password_file: Path, tmp_path: Path
) -> None:
    site = Site(broker.plain, tmp_path / "site")
    security = sasl(password_file=str(password_file), ca_file=str(files.ca))
    kafka = site.settings.kafka.model_copy(
        update={"bootstrap_servers": f"127.0.0.1:{broker.sasl_port}", "security": security}
    )
    settings = site.settings.model_copy(update={"kafka": kafka})
    site.config.write_text(to_yaml(settings), encoding="utf-8")
    with site:
        made = asyncio.run(create_topics(settings))
        assert set(made.values()) == {Outcome.CREATED}
        asyncio.run(publish(reference(), kafka))
        events = stream(5_000, 60, seed=3)
        expected = batch_pass(site.settings, events, published(reference()))
        reports = Documents(site, "reports", "report_id")
        worker = site.worker("a")
        worker.until_running()
        site.feed(events)
        worker.until(lambda: reports.update().keys() >= expected.keys())
        assert worker.stop() == 0
        assert_reports_are(reports.found, expected)
        assert sum(site.committed("summaries")) > 0
        assert "Traceback" not in worker.said()
        assert PASSWORD not in worker.said()


@pytest.mark.kafka
def test_a_worker_with_a_wrong_password_ends_with_a_sentence_and_exit_code_4(
    broker: Secured,
    files: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(broker.plain, tmp_path / "site")
    security = sasl(password="wrong-horse", ca_file=str(files.ca))
    kafka = broker.kafka(security)
    site.config.write_text(
        to_yaml(site.settings.model_copy(update={"kafka": kafka})), encoding="utf-8"
    )
    monkeypatch.setenv("STREAM_MONITOR_KAFKA__SECURITY__PASSWORD", "wrong-horse")
    with site:
        worker = site.worker("a", "-v")
        assert worker.process.wait(PATIENCE_S) == 4
        last = worker.said().splitlines()[-1]
        assert last.startswith("error: cannot reach Kafka")
        assert "are mechanism, username and password right?" in last
        assert "wrong-horse" not in worker.said()
