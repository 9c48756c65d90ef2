"""How the settings toward Kafka fit together, and that no secret comes out of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr, ValidationError

from stream_monitor.cli.main import cli
from stream_monitor.config.load import load
from stream_monitor.config.render import differences, plain, to_yaml
from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.settings import KafkaSettings
from stream_monitor.errors import ConfigurationError

SECRET = "correct-horse"
VARIABLE = "STREAM_MONITOR_KAFKA__SECURITY__PASSWORD"
SASL = "kafka: {security: {protocol: sasl_ssl, mechanism: scram-sha-512, username: monitor}}"


def test_without_settings_nothing_is_encrypted_and_nobody_asked() -> None:
    security = KafkaSettings().security
    assert (security.protocol, security.encrypts, security.authenticates) == (
        "plaintext",
        False,
        False,
    )


@pytest.mark.parametrize(
    "values",
    [
        {"protocol": "ssl"},
        {"protocol": "ssl", "ca_file": "ca.pem", "cert_file": "c.pem", "key_file": "c.key"},
        {"protocol": "sasl_ssl", "mechanism": "plain", "username": "m", "password": SECRET},
        {
            "protocol": "sasl_plaintext",
            "mechanism": "scram-sha-256",
            "username": "m",
            "password_file": "password",
        },
    ],
)
def test_what_fits_together_is_taken(values: dict[str, Any]) -> None:
    SecuritySettings.model_validate(values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"username": "m"}, "protocol is plaintext, but username is for sasl_plaintext and"),
        ({"password": SECRET}, "protocol is plaintext, but password is for"),
        ({"ca_file": "ca.pem"}, "protocol is plaintext, but ca_file is for ssl and sasl_ssl"),
        ({"protocol": "ssl", "mechanism": "plain"}, "protocol is ssl, but mechanism is for"),
        ({"protocol": "ssl", "cert_file": "c.pem"}, "both cert_file and key_file, or neither"),
        ({"protocol": "ssl", "key_file": "c.key"}, "both cert_file and key_file, or neither"),
        ({"protocol": "sasl_ssl"}, "protocol is sasl_ssl and needs mechanism and username too"),
        (
            {"protocol": "sasl_ssl", "mechanism": "plain", "username": "m"},
            "or password_file; neither is given",
        ),
        (
            {
                "protocol": "sasl_ssl",
                "mechanism": "plain",
                "username": "m",
                "password": SECRET,
                "password_file": "p",
            },
            "or password_file; both are given",
        ),
        (
            {
                "protocol": "sasl_plaintext",
                "mechanism": "plain",
                "username": "m",
                "password": SECRET,
                "ca_file": "ca.pem",
            },
            "protocol is sasl_plaintext, but ca_file is for ssl and sasl_ssl",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_with_what_to_do(
    values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        SecuritySettings.model_validate(values)
    assert sentence in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("mechanism", ["gssapi", "SCRAM-SHA-512"])
def test_a_mechanism_that_is_not_known_is_told_with_those_that_are(mechanism: str) -> None:
    with pytest.raises(ConfigurationError, match=r"one of plain, scram-sha-256, scram-sha-512"):
        load(SASL.replace("scram-sha-512", mechanism), {VARIABLE: SECRET}, "m.yaml")


def test_the_password_comes_from_its_variable() -> None:
    security = load(SASL, {VARIABLE: SECRET}, "m.yaml").kafka.security
    assert security.password == SecretStr(SECRET)


@pytest.mark.parametrize("secret", [SECRET, '"7"', "[a, b]"])
def test_a_password_in_the_file_is_refused_and_not_repeated(secret: str) -> None:
    text = SASL.replace("username", f"password: {secret}, username")
    with pytest.raises(ConfigurationError, match="does not belong into the file") as caught:
        load(text, {}, "m.yaml")
    assert VARIABLE in str(caught.value)
    assert secret not in str(caught.value)


def test_a_password_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"security\.password .*not shown here") as caught:
        load(SASL.replace("username", "password: 271828, username"), {}, "m.yaml")
    assert "271828" not in str(caught.value)


def test_an_empty_password_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"at least one character"):
        load(SASL, {VARIABLE: ""}, "m.yaml")


def test_settings_are_shown_without_the_password() -> None:
    settings = load(SASL, {VARIABLE: SECRET}, "m.yaml")
    shown = [to_yaml(settings), json.dumps(plain(settings)), str(differences(settings))]
    assert [text for text in (*shown, repr(settings), str(settings)) if SECRET in text] == []
    assert "username: monitor" in shown[0]
    again = load(shown[0], {VARIABLE: SECRET}, "shown.yaml")
    assert again == settings


@pytest.mark.parametrize("command", [["config", "show"], ["config", "check"]])
@pytest.mark.parametrize("json_", [[], ["--json"]])
def test_the_commands_that_show_settings_do_not_show_the_password(
    command: list[str], json_: list[str], tmp_path: Any
) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(SASL, encoding="utf-8")
    result = CliRunner(env={VARIABLE: SECRET}).invoke(
        cli, [*command, "--config", str(file), *json_]
    )
    assert result.exit_code == 0
    assert "scram-sha-512" in result.output
    assert SECRET not in result.output
