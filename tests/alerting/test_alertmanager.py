"""Alertmanager's configuration: whom it tells, what it holds back, and that it has no secret."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerting.files import ALERTING, alerts

CONFIG = ALERTING / "alertmanager.yml"
DOCUMENT: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))


def amtool(*args: str | Path) -> str:
    program = shutil.which("amtool")
    assert program is not None, "install it: apt-get install prometheus-alertmanager"
    done = subprocess.run(
        [program, *map(str, args)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_amtool_takes_the_configuration_and_its_templates() -> None:
    said = amtool("check-config", CONFIG)
    assert "1 templates" in said
    assert said.count("SUCCESS") == 2


@pytest.mark.parametrize(
    ("receivers", "labels"),
    [
        ("dead-man", {"alertname": "StreamMonitorWatchdog", "severity": "none"}),
        ("pager,team", {"alertname": "StreamMonitorModelDrift", "severity": "critical"}),
        ("team", {"alertname": "StreamMonitorModelDrift", "severity": "warning"}),
        ("team", {"alertname": "StreamMonitorReferenceMissing", "severity": "warning"}),
    ],
)
def test_an_alert_goes_to_whom_it_concerns(receivers: str, labels: dict[str, str]) -> None:
    pairs = [f"{name}={value}" for name, value in labels.items()]
    amtool(
        "config",
        "routes",
        "test",
        f"--config.file={CONFIG}",
        f"--verify.receivers={receivers}",
        *pairs,
    )


def test_inhibition_speaks_of_alerts_and_labels_that_there_are() -> None:
    names = {rule["alert"] for rule in alerts()}
    subsystems = {rule["labels"]["subsystem"] for rule in alerts()}
    for rule in DOCUMENT["inhibit_rules"]:
        assert set(rule.get("equal", [])) <= {"alertname", "job", "model"}
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            label, operator, value = matcher.split(" ", 2)
            known = {"alertname": names, "subsystem": subsystems}.get(label)
            if known is None:
                assert (label, value) in {("severity", "critical"), ("severity", "warning")}
            elif operator == "=":
                assert value in known
            else:
                pattern = re.compile(value.strip('"'))
                parts = value.strip('"').count("|") + 1
                assert sum(bool(pattern.fullmatch(each)) for each in known) == parts


def leaves(node: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in leaves(value, (*path, str(key)))]
    if isinstance(node, list):
        return [leaf for value in node for leaf in leaves(value, path)]
    return [(path, node)]


def test_every_secret_is_a_file_and_none_stands_in_the_configuration() -> None:
    secret = re.compile(
        r"password|secret|token|credentials|routing_key|service_key|api_url|api_key"
    )
    found = [(path[-1], value) for path, value in leaves(DOCUMENT) if secret.search(path[-1])]
    assert len(found) == 4
    for key, value in found:
        assert key.endswith("_file")
        assert value.startswith("/etc/alertmanager/secrets/")


def render(name: str, status: str, alerts_: list[dict[str, Any]], data: Path) -> str:
    common = set.intersection(*(set(each["labels"].items()) for each in alerts_))
    notes = set.intersection(*(set(each["annotations"].items()) for each in alerts_))
    data.write_text(
        json.dumps(
            {
                "receiver": "team",
                "status": status,
                "alerts": alerts_,
                "groupLabels": {"alertname": "StreamMonitorModelDrift", "model": "credit"},
                "commonLabels": dict(common),
                "commonAnnotations": dict(notes),
                "externalURL": "http://alertmanager.example",
            }
        )
    )
    text = f'{{{{ template "stream_monitor.{name}" . }}}}'
    glob = f"--template.glob={ALERTING}/templates/*.tmpl"
    return amtool(
        "template", "render", glob, f"--template.text={text}", f"--template.data={data}"
    ).strip()


def alert(severity: str, summary: str, status: str = "firing") -> dict[str, Any]:
    name = "StreamMonitorModelDrift"
    return {
        "status": status,
        "labels": {"alertname": name, "model": "credit", "severity": severity},
        "annotations": {
            "summary": summary,
            "description": "It differs from the reference.",
            "runbook_url": f"https://stream-monitor.example/runbooks/{name}.md",
        },
        "startsAt": "2026-01-01T10:00:00Z",
        "endsAt": "2026-01-01T11:30:00Z",
        "generatorURL": "http://prometheus.example/graph",
    }


def test_a_message_about_one_alert_has_its_summary_as_title(tmp_path: Path) -> None:
    one = [alert("critical", "credit: income has drifted")]
    said = {
        name: render(name, "firing", one, tmp_path / "data.json")
        for name in ("title", "slack", "text", "html", "color", "pagerduty_severity", "link")
    }
    assert said["title"] == "Critical: credit: income has drifted"
    assert said["color"] == "danger"
    assert said["pagerduty_severity"] == "critical"
    assert said["link"].endswith("/runbooks/StreamMonitorModelDrift.md")
    for name in ("slack", "text", "html"):
        assert "It differs from the reference." in said[name]
        assert "2026-01-01 10:00 UTC" in said[name]
        assert "/runbooks/StreamMonitorModelDrift.md" in said[name]
    assert said["text"].splitlines()[0] == "credit: income has drifted"


def test_a_message_about_several_alerts_says_how_many_and_the_worst(tmp_path: Path) -> None:
    two = [alert("warning", "credit: region has drifted"), alert("critical", "credit: income has")]
    title = render("title", "firing", two, tmp_path / "data.json")
    assert title == "Critical: StreamMonitorModelDrift of credit, 2 alerts"
    text = render("text", "firing", two, tmp_path / "data.json")
    assert text.count("What to do:") == 2


def test_a_message_about_what_is_over_says_from_when_to_when(tmp_path: Path) -> None:
    over = [alert("warning", "credit: income has drifted", "resolved")]
    assert render("title", "resolved", over, tmp_path / "d").startswith("Resolved: credit: income")
    assert render("color", "resolved", over, tmp_path / "d") == "good"
    for name in ("slack", "text", "html"):
        said = render(name, "resolved", over, tmp_path / "d")
        assert "2026-01-01 10:00 UTC" in said
        assert "2026-01-01 11:30 UTC" in said
