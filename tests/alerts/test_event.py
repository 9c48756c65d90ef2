from __future__ import annotations

import json

import pytest

from stream_monitor.alerts.event import AlertEvent, alert_id
from stream_monitor.alerts.rule import Status
from stream_monitor.alerts.times import rfc3339
from tests.alerts.events import CARRIER, DRIFT, FIRST, SECOND, START, event

HOUR = 3_600_000


def test_the_id_depends_on_each_of_its_parts() -> None:
    parts = ("fraud", "drift", "ks", "feature:amount", FIRST.pane_ms, "hash")
    others = (
        ("frau", "ddrift", "ks", "feature:amount", FIRST.pane_ms, "hash"),
        ("other", *parts[1:]),
        (*parts[:2], "psi", *parts[3:]),
        (*parts[:3], "score", *parts[4:]),
        (*parts[:4], SECOND.pane_ms, "hash"),
        (*parts[:5], "hash2"),
    )
    ids = {alert_id(*some) for some in (parts, *others)}
    assert len(ids) == 1 + len(others)
    assert all(len(some) == 16 and int(some, 16) >= 0 for some in ids)


def test_the_id_is_the_same_on_every_machine() -> None:
    found = alert_id("fraud", "drift", "ks", "feature:amount", FIRST.pane_ms, "hash")
    assert found == "60c4ddf6aa010fdc"


def test_the_id_of_an_event_has_its_number_in_the_alert() -> None:
    said = event(DRIFT, Status.ESCALATED, sequence=3)
    assert said.event_id == f"{said.alert_id}:3"
    assert said.alert_id == event().alert_id


def test_an_event_is_json_with_a_key_for_each_field() -> None:
    said = event(columns=(CARRIER, CARRIER._replace(column="score", effect=None)))
    document = json.loads(json.dumps(said.to_dict()))
    assert AlertEvent.from_dict(document) == said
    assert document["columns"][0] == {
        "column": "feature:amount",
        "share": 0.62,
        "since_ms": START + HOUR // 2,
        "since": "2026-01-01T00:30:00Z",
        "effect": 0.31,
        "effects": {"ks": 0.32, "wasserstein": 1.21, "psi": 0.43},
    }


@pytest.mark.parametrize("odd", ["summary", "another"])
def test_what_is_no_event_is_refused(odd: str) -> None:
    document = event().to_dict()
    if odd in document:
        del document[odd]
    else:
        document[odd] = 1
    with pytest.raises(ValueError, match=odd):
        AlertEvent.from_dict(document)


def test_a_change_began_when_its_first_column_did() -> None:
    later = CARRIER._replace(column="score", since_ms=START + HOUR)
    assert event(columns=(later, CARRIER)).since_ms == CARRIER.since_ms
    assert event(columns=()).since_ms == FIRST.pane_ms


def test_times_are_written_in_utc_to_the_second_or_millisecond() -> None:
    assert rfc3339(START) == "2026-01-01T00:00:00Z"
    assert rfc3339(START + 7) == "2026-01-01T00:00:00.007Z"
    assert rfc3339(-1) == "1969-12-31T23:59:59.999Z"
