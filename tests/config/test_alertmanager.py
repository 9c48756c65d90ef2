"""Settings of the notifier."""

from typing import Any

import pytest
from pydantic import ValidationError

from stream_monitor.config.alertmanager import AlertmanagerSettings


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"urls": ("alertmanager:9093",)}, "write http://host:9093"),
        ({"urls": ("http://me:secret@a:9093",)}, "use username and password_file"),
        ({"urls": ("http://a:9093", "http://a:9093")}, "list each name once"),
        ({"username": "me"}, "set both, or neither"),
        (
            {"username": "me", "password_file": "p", "bearer_token_file": "t"},
            "password or for a token",
        ),
        ({"resend": "5m"}, "shorten resend"),
        ({"generator_url": "grafana/d"}, "begins with https://"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_in_words(
    wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        AlertmanagerSettings(**wrong)
    assert "me:secret" not in refused.value.errors()[0]["msg"]
