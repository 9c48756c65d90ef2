"""Episodes as Alertmanager's alerts."""

import pytest
import yaml

from stream_monitor.alerts.rule import Status
from stream_monitor.detectors.verdict import Family
from stream_monitor.notify.payload import (
    ALERTNAME,
    MAX_TEXT,
    Links,
    alert_of,
    alert_of_open,
    ended_ms,
    is_open,
    posted,
)
from tests.alerting.files import ALERTING
from tests.notify.worlds import BEGAN_MS, document, held

LINKS = Links("https://grafana.example/d/model?var-model={model}", "https://books.example")


@pytest.mark.parametrize("status", ["started", "ongoing", "escalated"])
def test_these_go_on(status: str) -> None:
    assert is_open({"status": status})


@pytest.mark.parametrize("status", ["recovered", "withdrawn"])
def test_these_are_over(status: str) -> None:
    assert not is_open({"status": status})


def test_a_status_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="paused"):
        is_open({"status": "paused"})


def test_every_status_is_known() -> None:
    assert {status for status in Status if is_open({"status": status})} < set(Status)


def test_a_time_that_no_calendar_has_is_no_reason_to_say_nothing() -> None:
    said = posted(alert_of(document(started_at=-5), Links()), 2**60)
    assert (said["startsAt"], said["endsAt"]) == ("1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z")


def test_the_alert_of_an_episode_has_its_names_and_its_paragraph() -> None:
    alert = alert_of(document(), LINKS)
    assert alert.labels == {
        "alertname": "StreamMonitorModelDrift",
        "subsystem": "models",
        "model": "credit",
        "family": "drift",
        "monitor": "evidence",
        "severity": "critical",
        "episode": "0123456789abcdef",
    }
    assert alert.starts_ms == BEGAN_MS
    assert (
        alert.annotations["summary"] == "credit: evidence of income and debt is in alarm (critical)"
    )
    assert "2 features have drifted" in alert.annotations["description"]
    assert alert.annotations["runbook_url"] == "https://books.example/StreamMonitorModelDrift.md"
    assert alert.generator_url == "https://grafana.example/d/model?var-model=credit"
    assert alert.annotations["columns"] == "feature:income, feature:debt"
    assert alert.annotations["look_first"] == "what fills these columns upstream"


def test_it_says_when_it_ended() -> None:
    assert ended_ms(document()) is None
    assert ended_ms(document("recovered")) == BEGAN_MS + 300_000


def test_an_episode_known_from_the_state_alone_is_the_same_alert() -> None:
    assert alert_of_open(held(), LINKS).key == alert_of(document(), LINKS).key
    assert alert_of_open(held(), LINKS).starts_ms == BEGAN_MS


def test_every_family_has_the_alert_of_the_rules_with_the_same_name() -> None:
    assert set(ALERTNAME) == set(Family)
    rules = yaml.safe_load((ALERTING / "rules" / "models.yml").read_text(encoding="utf-8"))
    found = {rule["alert"]: rule["expr"] for rule in rules["groups"][0]["rules"]}
    for family, name in ALERTNAME.items():
        assert f'family="{family}"' in found[name]


def test_a_hostile_name_is_made_text_that_anybody_takes() -> None:
    alert = alert_of(document(model="a\x00\ud800/ü", summary="x" * 9_999), LINKS)
    assert alert.labels["model"] == r"a\x00\ud800/ü"
    assert alert.generator_url.endswith("var-model=a%5Cx00%5Cud800%2F%C3%BC")
    assert len(alert.annotations["description"]) == MAX_TEXT
    str(posted(alert, BEGAN_MS)).encode()


def test_it_is_posted_with_times_in_utc() -> None:
    said = posted(alert_of(document(columns=[]), Links()), BEGAN_MS + 1)
    assert said["startsAt"] == "2023-11-14T22:13:20Z"
    assert said["endsAt"] == "2023-11-14T22:13:20.001Z"
    assert "generatorURL" not in said
    assert "columns" not in said["annotations"]
