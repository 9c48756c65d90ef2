"""What ``reference promote`` refuses before it asks Kafka, and when it calls a time too short."""

from __future__ import annotations

import json

import pytest

from stream_monitor.cli.main import run
from stream_monitor.cli.promote import period_of
from stream_monitor.config.duration import DAY
from stream_monitor.config.season import SeasonSettings

SINCE = ["reference", "promote", "m", "--since", "2026-11-01T00:00:00Z"]


def test_json_cannot_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SINCE, "--json"]) == 2
    error = json.loads(capsys.readouterr().err)["error"]
    assert "--yes or --dry-run" in error["message"]


def test_a_time_that_ends_before_it_begins_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SINCE, "--until", "2026-11-01T00:00:00Z", "--yes"]) == 2
    assert "--since 2026-11-01T00:00:00Z is not before --until" in capsys.readouterr().err


def test_what_is_no_time_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reference", "promote", "m", "--since", "yesterday", "--yes"]) == 2
    assert "'yesterday' is no time" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("season", "days"),
    [
        ({}, 1),
        ({"by": "hour"}, 1),
        ({"by": "weekday"}, 7),
        ({"by": "hour_of_week"}, 7),
        ({"by": "context", "contexts": ["open = mon-fri 8-20"]}, 7),
        ({"period_ms": "3d"}, 3),
    ],
)
def test_a_reference_should_span_a_period(season: dict[str, object], days: int) -> None:
    assert period_of(SeasonSettings.model_validate(season)) == days * DAY
