"""Where Redis is, and that its password comes from nowhere where others see it."""

import json
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr, ValidationError

from stream_monitor.cli.main import cli
from stream_monitor.config.load import load
from stream_monitor.config.redis import RedisSettings
from stream_monitor.config.render import to_yaml
from stream_monitor.errors import ConfigurationError

SECRET = "correct-horse/battery"
QUOTED = "correct-horse%2Fbattery"
PASSWORD = "STREAM_MONITOR_REDIS__PASSWORD"
URL = "STREAM_MONITOR_REDIS__URL"


def given(environ: dict[str, str], text: str | None = None) -> RedisSettings:
    return load(text, environ, "test").redis


def test_without_an_address_there_is_none() -> None:
    assert RedisSettings().url is None


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("redis://a", ("a", 6379, 0, None, False)),
        ("rediss://me@a:1/3", ("a", 1, 3, "me", True)),
        ("redis://[::1]:2/", ("::1", 2, 0, None, False)),
    ],
)
def test_an_address_has_a_host_and_may_have_the_rest(url: str, parts: tuple[Any, ...]) -> None:
    its = RedisSettings(url=url)
    assert (its.host, its.port, its.database, its.username, its.encrypts) == parts
    assert "me" not in its.address


@pytest.mark.parametrize("variable", ["REDIS_URL", URL])
def test_a_password_in_the_variable_is_a_setting_of_its_own(variable: str) -> None:
    its = given({variable: f"rediss://me:{QUOTED}@a:1/3"})
    assert its.url == "rediss://me@a:1/3"
    assert its.password == SecretStr(SECRET)
    without_user = given({variable: f"redis://:{QUOTED}@a"})
    assert (without_user.url, without_user.password) == ("redis://a", SecretStr(SECRET))


def test_our_own_variable_wins_over_the_platform_s() -> None:
    assert given({"REDIS_URL": "redis://a", URL: "redis://b"}).url == "redis://b"
    assert given({"REDIS_URL": "redis://a"}, "redis: {url: redis://file}").url == "redis://a"
    assert given({"REDIS_URL": ""}, "redis: {url: redis://file}").url == "redis://file"


@pytest.mark.parametrize(
    ("environ", "text", "words"),
    [
        ({}, f"redis: {{url: 'redis://:{QUOTED}@a'}}", "by the variable REDIS_URL, or"),
        ({}, f"redis: {{password: {SECRET}}}", "a secret does not belong into the file"),
        ({"REDIS_URL": f"http://:{QUOTED}@a"}, None, "no address of Redis; write redis://host"),
        ({"REDIS_URL": "redis://a/x"}, None, "redis.url (REDIS_URL): 'redis://a/x' is no address"),
        ({"REDIS_URL": f"redis://{SECRET}@a"}, None, "what is given is no address of Redis"),
        ({"REDIS_URL": f"redis://:{SECRET}@a"}, None, "what is given is no address of Redis"),
        ({"REDIS_URL": "redis://a:x"}, None, "is no address of Redis"),
        ({"REDIS_URL": "redis://[a"}, None, "is no address of Redis"),
        (
            {"REDIS_URL": f"redis://:{QUOTED}@a", PASSWORD: "other"},
            None,
            f"{PASSWORD} sets a password too; keep one",
        ),
        ({PASSWORD: SECRET}, "redis: {url: redis://a, password_file: p}", "both given; give one"),
        ({}, "redis: {url: redis://a, ca_file: ca.pem}", "ca_file is for rediss://"),
        ({}, "redis: {history: 0}", "from 1 to 10,000"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words_without_the_password(
    environ: dict[str, str], text: str | None, words: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        given(environ, text)
    assert words in str(refused.value)
    assert "horse" not in str(refused.value)


def test_the_password_is_in_nothing_that_is_shown() -> None:
    environ = {"REDIS_URL": f"redis://me:{QUOTED}@a"}
    settings = load(None, environ, "test")
    for shown in (repr(settings), str(settings.redis), to_yaml(settings)):
        assert "horse" not in shown
    assert "redis://me@a" in to_yaml(settings)
    for command in (
        ["config", "show", "--json"],
        ["config", "check"],
        ["config", "check", "--json"],
    ):
        ran = CliRunner().invoke(cli, command, env=environ)
        assert ran.exit_code == 0
        assert "horse" not in ran.output
    ran = CliRunner().invoke(cli, ["config", "show", "--json"], env=environ)
    assert json.loads(ran.output)["redis"]["url"] == "redis://me@a"
    with pytest.raises(ValidationError) as refused:
        RedisSettings(url=f"redis://:{SECRET}@a")
    assert "horse" not in str(refused.value)
